use std::time::Duration;

use telephony::app::sign_event;
use telephony::domain::secret::Secret;
use telephony::ports::EndpointChange;
use telephony::ports::Endpoints as _;

use crate::consumer::Does;
use crate::cutting::filters;
use crate::support::samples::at;
use crate::world::{SECRET, World};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_everything_once_and_in_order() {
    let world = World::new(&[]).await;
    let (a, b) = (world.endpoint("aaa").await, world.endpoint("bbb").await);
    for n in 1..=6 {
        world.happens(n % 2, n).await;
        // The stream tells it twice, and again when the queue has forgotten it.
        world.happens(n % 2, n).await;
    }
    world.settle().await;
    world.clock.pass(HOUR);
    for n in 1..=6 {
        world.happens(n % 2, n).await;
    }
    world.pass(HOUR).await;
    for (name, endpoint) in [("aaa", &a), ("bbb", &b)] {
        let came = world.consumer.came_to(name);
        assert_eq!(came.len(), 6);
        for conversation in [0, 1] {
            let numbers: Vec<u64> = came
                .iter()
                .filter(|c| c.body.contains("\"n\":") && parity(&c.body) == conversation)
                .map(|c| c.sequence)
                .collect();
            assert_eq!(numbers, [1, 2, 3]);
        }
        assert!(
            world.deliveries(endpoint).await.iter().all(|d| d.state.as_str() == "delivered" && d.tries == 1)
        );
    }
}

fn parity(body: &str) -> u64 {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["data"]["n"].as_u64().unwrap() % 2
}

/// The jobs stand in the wrong order; the numbers decide.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_is_that_of_the_numbers_and_not_of_the_jobs() {
    let world = World::new(&[]).await;
    world.endpoint("aaa").await;
    for n in 1..=5 {
        world.happens(1, n).await;
    }
    world.line.reverse();
    world.settle().await;
    let order: Vec<u64> = world.consumer.came().iter().map(|came| came.sequence).collect();
    assert_eq!(order, [1, 2, 3, 4, 5]);
}

/// One endpoint stalls for hours. The other one waits for it once, for as long as one try takes.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_stalls_holds_nobody_up_and_gets_everything_in_the_end() {
    let world = World::new(&[]).await;
    world.endpoint("healthy").await;
    let down = world.endpoint("stalls").await;
    world.consumer.does(|url, _, now| match url.contains("stalls") && now < at(5 * 3600) {
        true => Does::Stalls,
        false => Does::Takes,
    });
    for n in 1..=20 {
        world.happens(1, n).await;
    }
    // The ordered queue alone: later tries are another matter.
    while let Some((receipt, job)) = world.line.receive() {
        let telephony::ports::Job::HandOut { tenant, event, thread } = job else { continue };
        world.hand_out.hand_out(&tenant, event, thread).await.unwrap();
        world.line.delete(receipt);
    }
    assert_eq!(world.consumer.taken_by("healthy"), (1..=20).collect::<Vec<_>>());
    let last = world.consumer.came_to("healthy").last().unwrap().at;
    assert!(last <= at(15), "delayed until {last}");
    assert!(world.stored(&down).await.health.failing_since.is_some());

    world.pass(48 * HOUR).await;
    assert_eq!(world.consumer.came_to("healthy").len(), 20);
    let mut taken = world.consumer.taken_by("stalls");
    taken.sort_unstable();
    assert_eq!(taken, (1..=20).collect::<Vec<_>>());
    let came = world.consumer.came_to("stalls");
    for number in 1..=20 {
        let tries: Vec<_> = came.iter().filter(|c| c.sequence == number).collect();
        assert!(tries.len() > 1 && tries.iter().all(|c| c.id == tries[0].id && c.body == tries[0].body));
    }
    let stored = world.stored(&down).await;
    assert_eq!((stored.is_active, stored.health.failing_since), (true, None));
    // Healthy again, it stands in the line.
    world.happens(1, 21).await;
    world.settle().await;
    assert_eq!(world.consumer.came_to("stalls").last().unwrap().sequence, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_leads_to_the_same_once_more() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    world.consumer.does(|_, n, _| if n == 0 { Does::TakesAndIsLost } else { Does::Takes });
    world.happens(1, 1).await;
    world.pass(HOUR).await;
    let came = world.consumer.came();
    assert_eq!((came.len(), &came[0].id), (2, &came[1].id));
    assert_eq!(world.deliveries(&endpoint).await[0].tries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wanted_is_told_and_another_tenant_hears_nothing() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    let calls = EndpointChange { events: Some(filters(&["call.*"])), ..EndpointChange::default() };
    world.table.store.change_endpoint(&world.tenant, endpoint.id, &calls, at(0)).await.unwrap();
    let unwanted = world.happens(1, 1).await;
    world.settle().await;
    assert!(world.consumer.came().is_empty());
    // Nobody wants it, so it is not even recorded.
    use telephony::ports::EventLog as _;
    assert_eq!(world.table.store.event(&world.tenant, unwanted.id).await, Ok(None));
    let stranger = telephony::domain::event::NewEvent { tenant: "rival".parse().unwrap(), ..unwanted };
    world.emit.emit(&stranger).await.unwrap();
    world.settle().await;
    assert!(world.consumer.came().is_empty());
}

/// While a secret is being rotated both sign.
#[tokio::test(flavor = "multi_thread")]
async fn two_secrets_sign_for_a_day() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    let sealed = telephony::domain::endpoint::Sealed(endpoint.secret.0.replace(SECRET, other));
    let rotation = EndpointChange { secret: Some((sealed, at(24 * 3600))), ..EndpointChange::default() };
    world.table.store.change_endpoint(&world.tenant, endpoint.id, &rotation, at(0)).await.unwrap();
    world.happens(1, 1).await;
    world.settle().await;
    world.clock.pass(25 * HOUR);
    world.happens(1, 2).await;
    world.settle().await;
    for (came, secrets) in world.consumer.came().iter().zip([vec![other, SECRET], vec![other]]) {
        let secrets: Vec<Secret> = secrets.into_iter().map(Secret::new).collect();
        let expected = sign_event::headers(&secrets, came.id.parse().unwrap(), came.at, &came.body).unwrap();
        assert_eq!(came.signature, expected[1].1);
    }
}
