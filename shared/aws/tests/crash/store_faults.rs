//! Faults of the store, at every request that a plain send makes.

use std::collections::BTreeMap;

use telephony_testkit::fault_proxy::Fault;

use crate::scenario::{Scenario, full};
use crate::world::Engine;

const FAULTS: [Fault; 5] =
    [Fault::DropAfter, Fault::ForwardThenAnswer(500), Fault::DropBefore, Fault::Throttle, Fault::Conflict];

/// Which faults the `nth` request meets, and whether the client gives up at once. Unless all is asked
/// for, one fault, by turns, and by turns with and without the SDK's own retries.
fn cases(nth: usize) -> Vec<(Fault, bool)> {
    if full() {
        return FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]).collect();
    }
    vec![(FAULTS[nth % FAULTS.len()], nth.is_multiple_of(2))]
}

/// How many requests a play makes after its world was made.
async fn enumerate(scenario: &Scenario) -> usize {
    let engine = Engine::start().await;
    let world = scenario.world(&engine, &[], false).await;
    let before = engine.proxy.count();
    let (world, broken) = scenario.play(world).await;
    assert!(broken.is_empty(), "{broken:#?}");
    drop(world);
    let requests =
        engine.proxy.seen()[before..].iter().map(|seen| seen.operation().to_owned()).collect::<Vec<_>>();
    let mut covered = 0;
    let mut failures = Vec::new();
    for (index, operation) in requests.iter().enumerate() {
        for (fault, hasty) in cases(index) {
            let world = scenario.world(&engine, &[], hasty).await;
            let nth = u32::try_from(index + 1).unwrap();
            engine.proxy.on_nth(nth, |_| true, fault);
            let (world, broken) = scenario.play(world).await;
            engine.proxy.clear();
            covered += 1;
            if !broken.is_empty() {
                failures
                    .push(format!("{fault:?} at request {nth} ({operation}, hasty: {hasty}): {broken:#?}"));
            }
            drop(world);
        }
    }
    assert!(
        failures.is_empty(),
        "{}: {} faults break it\n{}",
        scenario.name,
        failures.len(),
        failures.join("\n")
    );
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for operation in &requests {
        *kinds.entry(operation).or_default() += 1;
    }
    println!(
        "{}, faults of the store: {} requests {kinds:?}, {covered} faults",
        scenario.name,
        requests.len()
    );
    covered
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_plain_send() {
    enumerate(&Scenario::sent("plain send", &[], true)).await;
}
