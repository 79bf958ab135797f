//! Cut at any call through a port, before or after its effect, by death or by an error: everybody is told
//! everything at least once, under one id, the healthy one in order, and nothing is left marked.

use std::time::Duration;

use telephony::domain::endpoint::DeliveryState;
use telephony::ports::OverdueDeliveries as _;

use crate::consumer::Does;
use crate::fuse::{Cut, Side, Way};
use crate::support::samples::at;
use crate::world::World;

const EVENTS: u64 = 3;

async fn play(cuts: &[Cut]) -> (usize, usize) {
    let world = World::new(cuts).await;
    let healthy = world.endpoint("healthy").await;
    let shaky = world.endpoint("shaky").await;
    world.consumer.does(|url, n, _| match url.contains("shaky") && n % 2 == 0 {
        true => Does::Fails(500),
        false => Does::Takes,
    });
    for n in 1..=EVENTS {
        world.happens(1, n).await;
    }
    world.pass(Duration::from_secs(60 * 3600)).await;
    let why = format!("{cuts:?} in {:?}", world.fuse.calls());
    let all: Vec<u64> = (1..=EVENTS).collect();
    let mut taken = world.consumer.taken_by("healthy");
    // What failed leaves the line, so that it comes after what followed it.
    if healthy_failed(cuts, &world.fuse.calls()) {
        taken.sort_unstable();
    }
    assert_eq!(taken, all, "{why}");
    let mut taken = world.consumer.taken_by("shaky");
    taken.sort_unstable();
    assert_eq!(taken, all, "{why}");
    for number in all {
        let came = world.consumer.came();
        let mut ids: Vec<_> =
            came.iter().filter(|c| c.sequence == number).map(|c| (&c.id, &c.body)).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{why}");
    }
    for endpoint in [&healthy, &shaky] {
        let deliveries = world.deliveries(endpoint).await;
        assert_eq!(deliveries.len(), 3, "{why}");
        assert!(deliveries.iter().all(|d| d.state == DeliveryState::Delivered), "{deliveries:?} {why}");
    }
    assert!(world.table.store.overdue(at(9_999_999), 9).await.unwrap().is_empty(), "{why}");
    (world.fuse.calls().len(), world.fuse.met())
}

/// A cut was met by a post to the healthy one, which did not arrive. Posts of one event go out at once and
/// either may be the first: which of them a cut meets differs between runs.
fn healthy_failed(cuts: &[Cut], calls: &[&'static str]) -> bool {
    let fails = |cut: &&Cut| cut.side == Side::Before && cut.way == Way::Fails;
    cuts.iter().filter(fails).any(|cut| calls.get(cut.call) == Some(&"post.healthy"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_wherever_it_is_cut() {
    let (calls, _) = play(&[]).await;
    let every = if std::env::var("TANDEM_TORTURE").is_ok_and(|word| word == "full") { 1 } else { 4 };
    let mut met = 0;
    for (place, call) in (0..calls).enumerate() {
        for (turn, (side, way)) in [
            (Side::Before, Way::Dies),
            (Side::After, Way::Dies),
            (Side::Before, Way::Fails),
            (Side::After, Way::Fails),
        ]
        .into_iter()
        .enumerate()
        {
            if (place + turn) % every == 0 {
                met += play(&[Cut { call, side, way }]).await.1;
            }
        }
    }
    println!("{calls} calls, {met} cuts");
    assert!(met >= calls, "every call was cut at least once");
}
