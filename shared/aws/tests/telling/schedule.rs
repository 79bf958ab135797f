use std::sync::atomic::Ordering;
use std::time::Duration;

use telephony::app::replay::Wish;
use telephony::domain::endpoint::DeliveryState;
use telephony::domain::ids::ReplayId;
use telephony::ports::{Clock as _, EndpointChange, Endpoints as _, EventLog as _};

use crate::consumer::Does;
use crate::support::samples::at;
use crate::world::World;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn eight_tries_at_their_times_then_a_dead_letter_and_a_replay_of_it() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    world.consumer.does(|_, n, _| if n < 8 { Does::Fails(503) } else { Does::Takes });
    let event = world.happens(1, 1).await;
    world.pass(48 * HOUR).await;
    let times: Vec<f64> = world.consumer.came().iter().map(|c| c.at.since(at(0)).as_secs_f64()).collect();
    assert_eq!(times.len(), 8);
    // Half the jitter, and a sweep of at most a minute.
    let waits = [5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0];
    for (pair, wait) in times.windows(2).zip(waits) {
        let waited = pair[1] - pair[0];
        assert!(waited >= wait && waited <= wait * 1.1 + 61.0, "{waited} for {wait}");
    }
    let dead = &world.deliveries(&endpoint).await[0];
    assert_eq!((dead.state, dead.tries, dead.last_status), (DeliveryState::Dead, 8, Some(503)));

    let stored = world.table.store.event(&world.tenant, event.id).await.unwrap().unwrap();
    world.replay.again(&stored, endpoint.id, ReplayId::from_bits(1)).await.unwrap();
    world.settle().await;
    let came = world.consumer.came();
    assert_eq!((came.len(), &came[8].id, &came[8].body), (9, &came[0].id, &came[0].body));
    assert_eq!(world.deliveries(&endpoint).await[0].state, DeliveryState::Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_the_same_again_from_its_moment_on_and_not_what_came_after() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    for n in 1..=60 {
        world.happens(n % 4, n).await;
        world.clock.pass(Duration::from_secs(1));
    }
    world.settle().await;
    let first = world.consumer.came();
    assert_eq!(first.len(), 60);
    let wish = Wish {
        tenant: world.tenant.clone(),
        endpoint: endpoint.id,
        replay: ReplayId::from_bits(9),
        since: at(20),
        until: at(49),
    };
    world.replay.start(&wish).await.unwrap();
    // The wish comes twice, as queues do.
    world.replay.start(&wish).await.unwrap();
    world.pass(HOUR).await;
    let sorted = |came: &[crate::consumer::Came]| {
        let mut bodies: Vec<String> = came.iter().map(|c| c.body.clone()).collect();
        bodies.sort_unstable();
        bodies
    };
    let again = &world.consumer.came()[60..];
    let expected: Vec<_> =
        first.iter().filter(|c| (at(20)..=at(49)).contains(&time(&c.body))).cloned().collect();
    assert_eq!(expected.len(), 30);
    assert_eq!(sorted(again), sorted(&expected));
}

fn time(body: &str) -> telephony::domain::timestamp::Timestamp {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    serde_json::from_value(body["timestamp"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_days_of_nothing_but_failures_switch_an_endpoint_off() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    world.consumer.does(|_, _, _| Does::Fails(500));
    for n in 1..=11 {
        world.happens(n, 1).await;
        world.pass(12 * HOUR).await;
    }
    let off = world.stored(&endpoint).await;
    assert_eq!((off.is_active, off.disabled_reason.as_deref()), (false, Some("failing")));
    assert_eq!(world.disabled.0.load(Ordering::SeqCst), 1);
    let posts = world.consumer.came().len();
    // What happens meanwhile is held, and nobody is called.
    world.happens(99, 1).await;
    world.pass(48 * HOUR).await;
    assert_eq!(world.consumer.came().len(), posts);
    let held = world.deliveries(&endpoint).await;
    assert_eq!(held[0].state, DeliveryState::Held);

    world.consumer.does(|_, _, _| Does::Takes);
    let on = EndpointChange { is_active: Some(true), ..EndpointChange::default() };
    world.table.store.change_endpoint(&world.tenant, endpoint.id, &on, world.clock.now()).await.unwrap();
    let wish = Wish {
        tenant: world.tenant.clone(),
        endpoint: endpoint.id,
        replay: ReplayId::from_bits(9),
        since: at(0),
        until: world.clock.now(),
    };
    world.replay.start(&wish).await.unwrap();
    world.pass(HOUR).await;
    let states = world.deliveries(&endpoint).await;
    assert!(states.len() == 12 && states.iter().all(|d| d.state == DeliveryState::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_gone_is_not_called_again() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    world.consumer.does(|_, _, _| Does::Fails(410));
    world.happens(1, 1).await;
    world.happens(1, 2).await;
    world.pass(48 * HOUR).await;
    assert_eq!(world.consumer.came().len(), 1);
    let off = world.stored(&endpoint).await;
    assert_eq!((off.is_active, off.disabled_reason.as_deref()), (false, Some("gone")));
    assert!(world.deliveries(&endpoint).await.iter().all(|d| d.state == DeliveryState::Held));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_endpoint_that_is_removed_is_given_up() {
    let world = World::new(&[]).await;
    let endpoint = world.endpoint("aaa").await;
    world.consumer.does(|_, _, _| Does::Fails(500));
    world.happens(1, 1).await;
    world.settle().await;
    world.table.store.remove_endpoint(&world.tenant, endpoint.id).await.unwrap();
    world.pass(HOUR).await;
    assert_eq!(world.consumer.came().len(), 1);
    let dead = &world.deliveries(&endpoint).await[0];
    assert_eq!((dead.state, dead.last_error.as_deref()), (DeliveryState::Dead, Some("endpoint_deleted")));
}
