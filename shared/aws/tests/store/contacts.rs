use telephony::domain::address::Address;
use telephony::domain::consent::Block;
use telephony::ports::{Clients, Consents, Inbox};

use crate::support::samples::*;
use crate::support::table;

#[tokio::test(flavor = "multi_thread")]
async fn start_lifts_the_text_block_and_not_the_other() {
    let table = table().await;
    let demo = tenant("demo");
    let contact = Address::parse(CONTACT);
    for (block, blocked, seconds) in
        [(Block::Text, true, 1), (Block::DoNotContact, true, 2), (Block::Text, false, 3)]
    {
        table.store.change(&change(&demo, block, blocked, at(seconds))).await.unwrap();
    }
    let consent = table.store.consent(&demo, &contact).await.unwrap().unwrap();
    assert_eq!((consent.text_blocked_at, consent.do_not_contact_at), (None, Some(at(2))));
    assert_eq!(consent.updated_at, at(3));
    assert_eq!(consent.contact, contact);
    assert_eq!(table.store.blocked(&demo, &page(25, None)).await.unwrap().items, [consent]);

    table.store.change(&change(&demo, Block::DoNotContact, false, at(4))).await.unwrap();
    assert!(table.store.blocked(&demo, &page(25, None)).await.unwrap().items.is_empty());
    assert_eq!(table.store.consent(&tenant("rival"), &contact).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_are_all_applied_and_all_remembered() {
    let table = table().await;
    let demo = tenant("demo");
    let tasks: Vec<_> = (0..6)
        .map(|n| {
            let (store, block) = (table.store.clone(), [Block::Text, Block::DoNotContact][n % 2]);
            let change = change(&demo, block, true, at(n as i64));
            tokio::spawn(async move { store.record_consent(&change).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let consent = table.store.consent(&demo, &Address::parse(CONTACT)).await.unwrap().unwrap();
    assert!(consent.text_blocked_at.is_some() && consent.do_not_contact_at.is_some());
    let all = table.client.scan().table_name(&table.name).send().await.unwrap();
    let history = all.items().iter().filter(|item| item["SK"].as_s().unwrap().starts_with("H#")).count();
    assert_eq!(history, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_client_speaks_for_the_tenant_that_it_is_bound_to() {
    let table = table().await;
    let client = "4h7#../client";
    assert_eq!(table.store.tenant_of(client).await, Ok(None));
    table.store.bind(client, Some(&tenant("demo"))).await.unwrap();
    assert_eq!(table.store.tenant_of(client).await, Ok(Some(tenant("demo"))));
    table.store.bind(client, None).await.unwrap();
    assert_eq!(table.store.tenant_of(client).await, Ok(None));
}
