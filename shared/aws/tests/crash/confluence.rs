//! Any interleaving of jobs, duplicates, callbacks, records and a withdrawal ends in the same state and
//! the same money.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use telephony::domain::status::MessageStatus;

use crate::drive::Drive;
use crate::law;
use crate::provider::{self, Mood};
use crate::scenario::{HORIZON, Scenario, full};
use crate::world::Engine;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A job of the queue.
    Work,
    /// The same job, handed out once more.
    Again,
    /// A callback of this word about one of the texts that were taken, whether its time has come or not.
    Report(&'static str, usize),
    /// A record of the stream.
    Record,
    /// A client withdraws the text.
    Cancel,
    /// So many seconds pass.
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let word = prop::sample::select(vec!["queued", "sending", "sent", "delivered"]);
    prop_oneof![
        4 => Just(Event::Work),
        3 => Just(Event::Again),
        4 => (word, 0_usize..2).prop_map(|(word, which)| Event::Report(word, which)),
        4 => Just(Event::Record),
        1 => Just(Event::Cancel),
        2 => (0_u64..90).prop_map(Event::Pass),
    ]
}

fn moods() -> impl Strategy<Value = &'static [Mood]> {
    const MOODS: [&[Mood]; 5] =
        [&[], &[Mood::TakesAndIsLost], &[Mood::TakesAndFails], &[Mood::Away], &[Mood::Busy(7)]];
    prop::sample::select(MOODS.to_vec())
}

async fn play(engine: &std::sync::Arc<Engine>, moods: &'static [Mood], events: &[Event]) -> Vec<String> {
    let scenario = Scenario::sent("any order", moods, true);
    let mut drive = Drive::new(scenario.world(engine, &[], false).await, true);
    let id = drive.send("Hello", None).await;
    let mut withdrawn = false;
    let mut broken = Vec::new();
    for event in events {
        match event {
            Event::Work => drop(drive.work().await),
            Event::Again => drive.deliver(id).await,
            Event::Record => {
                drive.watch();
                drive.feed().await;
            }
            Event::Cancel => withdrawn |= drive.cancel(id).await,
            Event::Pass(seconds) => {
                let now = drive.world.now();
                drive.world.clock.reach(now.plus(Duration::from_secs(*seconds)));
            }
            Event::Report(word, which) => {
                if let Some(text) = drive.world.provider.taken().get(*which) {
                    assert!(drive.tell(&provider::report(text, word, None)).await);
                }
            }
        }
        law::money(&drive.world, &mut broken);
    }
    if !drive.settle(HORIZON).await {
        broken.push("not at rest after an hour".into());
    }
    let mut expected = scenario.expected;
    if withdrawn {
        expected.texts[0].1 = 0;
        expected.statuses[0].1 = MessageStatus::Canceled;
        expected.captured = 0;
    }
    broken.extend(law::at_rest(&drive.world, &expected));
    broken
}

#[test]
fn any_interleaving_ends_in_the_same_state_and_money() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let engine = runtime.block_on(Engine::start());
    let cases = if full() { 512 } else { 24 };
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let strategy = (moods(), prop::collection::vec(event(), 1..24));
    let outcome = TestRunner::new(config).run(&strategy, |(moods, events)| {
        let broken = runtime.block_on(play(&engine, moods, &events));
        prop_assert!(broken.is_empty(), "{:#?}", broken);
        Ok(())
    });
    outcome.unwrap();
}
