use telephony::domain::agent::Agent;
use telephony::domain::endpoint::{Health, Sealed};
use telephony::ports::{Agents, EndpointChange, Endpoints};

use crate::support::happenings::*;
use crate::support::samples::*;
use crate::support::table;

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_so_many_and_no_more_and_room_again_after_removing() {
    let table = table().await;
    let demo = tenant("demo");
    let tasks: Vec<_> = (0..6)
        .map(|n| {
            let (store, endpoint) = (table.store.clone(), endpoint(&demo, &format!("e{n}"), at(n)));
            tokio::spawn(async move { store.add_endpoint(&endpoint, 4).await.unwrap() })
        })
        .collect();
    let mut added = 0;
    for task in tasks {
        added += u32::from(task.await.unwrap());
    }
    assert_eq!(added, 4);
    let all = table.store.endpoints(&demo).await.unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(table.store.remove_endpoint(&demo, all[0].id).await, Ok(true));
    assert_eq!(table.store.remove_endpoint(&demo, all[0].id).await, Ok(false));
    assert_eq!(table.store.add_endpoint(&endpoint(&demo, "last", at(9)), 4).await, Ok(true));
    assert_eq!(table.store.add_endpoint(&endpoint(&demo, "more", at(9)), 4).await, Ok(false));
    assert!(table.store.endpoints(&tenant("rival")).await.unwrap().is_empty());
    assert_eq!(table.store.endpoint(&tenant("rival"), all[1].id).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_changes_and_its_old_secret_is_kept_beside_the_new_one() {
    let table = table().await;
    let demo = tenant("demo");
    let made = endpoint(&demo, "a", at(0));
    table.store.add_endpoint(&made, 20).await.unwrap();
    assert_eq!(table.store.endpoint(&demo, made.id).await, Ok(Some(made.clone())));
    let change = EndpointChange { url: Some("https://b.example.com".into()), ..EndpointChange::default() };
    let changed = table.store.change_endpoint(&demo, made.id, &change, at(1)).await.unwrap().unwrap();
    assert_eq!(
        (changed.url.as_str(), &changed.secret, changed.updated_at),
        ("https://b.example.com", &made.secret, at(1))
    );
    let secret = Some((Sealed("new".into()), at(100)));
    let rotation = EndpointChange { secret, ..EndpointChange::default() };
    let rotated = table.store.change_endpoint(&demo, made.id, &rotation, at(2)).await.unwrap().unwrap();
    assert_eq!(rotated.secret, Sealed("new".into()));
    assert_eq!(rotated.previous, Some((made.secret.clone(), at(100))));
    let nowhere = endpoint(&demo, "nowhere", at(0)).id;
    for change in [change, rotation] {
        assert_eq!(table.store.change_endpoint(&demo, nowhere, &change, at(3)).await, Ok(None));
    }
    assert_eq!(table.store.endpoints(&demo).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_on_forgets_why_it_was_off() {
    let table = table().await;
    let demo = tenant("demo");
    let made = endpoint(&demo, "a", at(0));
    table.store.add_endpoint(&made, 20).await.unwrap();
    let health = Health { failing_since: Some(at(1)), failed_at: Some(at(2)) };
    table.store.note_health(&demo, made.id, health).await.unwrap();
    assert_eq!(table.store.disable_endpoint(&demo, made.id, "failing").await, Ok(true));
    assert_eq!(table.store.disable_endpoint(&demo, made.id, "gone").await, Ok(false));
    let off = table.store.endpoint(&demo, made.id).await.unwrap().unwrap();
    assert_eq!((off.is_active, off.disabled_reason.as_deref(), off.health), (false, Some("failing"), health));
    let on = EndpointChange { is_active: Some(true), ..EndpointChange::default() };
    let on = table.store.change_endpoint(&demo, made.id, &on, at(3)).await.unwrap().unwrap();
    assert_eq!((on.is_active, on.disabled_reason, on.health), (true, None, Health::default()));
    // Noting how one does that is gone makes none.
    let gone = endpoint(&demo, "gone", at(0)).id;
    table.store.note_health(&demo, gone, health).await.unwrap();
    assert_eq!(table.store.disable_endpoint(&demo, gone, "failing").await, Ok(false));
    assert_eq!(table.store.endpoint(&demo, gone).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_kept_by_their_names() {
    let table = table().await;
    let demo = tenant("demo");
    let agent = Agent {
        id: "front-desk".parse().unwrap(),
        tenant: demo.clone(),
        name: "Front desk".into(),
        line: None,
        character: Default::default(),
        fallback: None,
        sms_url: Some("https://agent.example.com".into()),
        secret: Some(Sealed("sealed".into())),
        created_at: at(0),
        updated_at: at(0),
    };
    assert_eq!(table.store.put_agent(&agent, true).await, Ok(true));
    assert_eq!(table.store.put_agent(&agent, true).await, Ok(false));
    let plain = Agent { sms_url: None, secret: None, updated_at: at(1), ..agent.clone() };
    assert_eq!(table.store.put_agent(&plain, false).await, Ok(true));
    assert_eq!(table.store.agent(&demo, &agent.id).await, Ok(Some(plain.clone())));
    assert_eq!(table.store.agent(&tenant("rival"), &agent.id).await, Ok(None));
    assert_eq!(table.store.agents(&demo, &page(9, None)).await.unwrap().items, [plain]);
    assert_eq!(table.store.remove_agent(&demo, &agent.id).await, Ok(true));
    assert_eq!(table.store.remove_agent(&demo, &agent.id).await, Ok(false));
}
