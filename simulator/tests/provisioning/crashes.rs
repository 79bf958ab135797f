//! Cut off at every call.

use std::sync::Arc;

use telephony::provider::ProviderId;

use crate::fuse::{Cut, Side, Way};
use crate::harness::Simulator;
use crate::law::{End, broken};
use crate::world::{World, providers};

const WAYS: [(Side, Way); 4] = [
    (Side::After, Way::Dies),
    (Side::Before, Way::Dies),
    (Side::After, Way::Fails),
    (Side::Before, Way::Fails),
];

/// Every case, or the part of them that `make test` has time for.
pub fn full() -> bool {
    std::env::var("TANDEM_TORTURE").is_ok_and(|value| value == "full")
}

/// Each call in four ways, or, when not all is asked for, each in one way, by turns.
fn cuts(calls: std::ops::Range<usize>) -> Vec<Cut> {
    let cut = |call, (side, way)| Cut { call, side, way };
    if full() {
        return calls.flat_map(|call| WAYS.map(|way| cut(call, way))).collect();
    }
    calls.enumerate().map(|(turn, call)| cut(call, WAYS[turn % WAYS.len()])).collect()
}

/// Provisions, cut at one call, until it is active.
async fn provision(simulator: &Arc<Simulator>, provider: ProviderId, cuts: &[Cut]) -> (World, Vec<String>) {
    let world = World::new(simulator, provider, cuts).await;
    world.patiently(false).await;
    let mut found = Vec::new();
    if !world.settle().await {
        found.push("it does not come to rest".to_owned());
    }
    found.extend(broken(&world, End::Active).await);
    (world, found)
}

/// The same, and then cancels, cut at one call.
async fn cancel(simulator: &Arc<Simulator>, provider: ProviderId, cuts: &[Cut]) -> (World, Vec<String>) {
    let world = World::new(simulator, provider, cuts).await;
    world.patiently(false).await;
    assert!(world.settle().await);
    world.patiently(true).await;
    let mut found = Vec::new();
    if !world.settle().await {
        found.push("it does not come to rest".to_owned());
    }
    found.extend(broken(&world, End::Canceled).await);
    (world, found)
}

async fn enumerate(provider: ProviderId) {
    let simulator = providers().await;
    let (whole, found) = provision(&simulator, provider, &[]).await;
    assert!(found.is_empty(), "{provider}, undisturbed: {found:#?}\n{:?}", whole.fuse.calls());
    let first = whole.fuse.calls().len();
    // What it holds is given back, so that the next one finds it for sale.
    whole.patiently(true).await;
    assert!(whole.settle().await);
    let found = broken(&whole, End::Canceled).await;
    assert!(found.is_empty(), "{provider}, canceled: {found:#?}\n{:?}", whole.fuse.calls());
    let calls = whole.fuse.calls();
    let (mut covered, mut failures) = (0, Vec::new());
    for cut in cuts(0..first) {
        let (world, found) = provision(&simulator, provider, &[cut]).await;
        assert_eq!(world.fuse.met(), 1, "{provider}: {cut:?} was never reached");
        covered += 1;
        if !found.is_empty() {
            failures.push(format!("{cut:?} at {}: {found:#?}\n{:?}", calls[cut.call], world.fuse.calls()));
        }
        world.patiently(true).await;
        assert!(world.settle().await, "{cut:?}: not canceled");
    }
    for cut in cuts(first..calls.len()) {
        let (world, found) = cancel(&simulator, provider, &[cut]).await;
        assert_eq!(world.fuse.met(), 1, "{provider}: {cut:?} was never reached");
        covered += 1;
        if !found.is_empty() {
            failures.push(format!("{cut:?} at {}: {found:#?}\n{:?}", calls[cut.call], world.fuse.calls()));
        }
    }
    assert!(failures.is_empty(), "{provider}: {} cuts break it\n{}", failures.len(), failures.join("\n"));
    println!("{provider}: {} calls, {covered} crash points", calls.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_twilio() {
    enumerate(ProviderId::Twilio).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_signalwire() {
    enumerate(ProviderId::SignalWire).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_telnyx() {
    enumerate(ProviderId::Telnyx).await;
}
