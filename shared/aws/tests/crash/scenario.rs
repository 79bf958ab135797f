//! The scenarios, and the enumeration of their crash points.

use std::sync::Arc;
use std::time::Duration;

use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::ProviderId;

use crate::drive::Drive;
use crate::fuse::{Cut, Side, Way};
use crate::law::{self, Expected};
use crate::provider::{DELIVERED, Fate, Mood};
use crate::support::samples::at;
use crate::world::{Engine, Setting, World};

/// What one text to a number of the United States costs.
pub const PRICE: i64 = 7_500;
/// All of the work is done within this.
pub const HORIZON: Duration = Duration::from_secs(3600);

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A client sends a text.
    Send,
    /// One that is to leave later.
    Later,
    /// One that is to leave later, and is withdrawn before.
    LaterAndWithdrawn,
    /// The contact texts us.
    Inbound(&'static str),
    /// A client sends the same text twice, on purpose.
    SendTwice,
    /// A client sends a text, and the contact opts out before it leaves.
    SendThenStop,
}

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub provider: ProviderId,
    pub fate: Fate,
    pub moods: &'static [Mood],
    pub act: Act,
    pub callbacks: bool,
    /// Of so many calls one is cut when there is no time for all.
    pub every: usize,
    pub expected: Expected,
}

impl Scenario {
    /// A text that is sent, arrives and is paid for.
    pub fn sent(name: &'static str, moods: &'static [Mood], callbacks: bool) -> Self {
        let expected = Expected {
            texts: vec![("Hello", 1)],
            statuses: vec![("Hello", MessageStatus::Delivered)],
            captured: PRICE,
            unread: 0,
            messages: 1,
        };
        let provider = ProviderId::Twilio;
        Self { name, provider, fate: DELIVERED, moods, act: Act::Send, callbacks, every: 2, expected }
    }

    /// A text that never reaches the carrier and costs nothing.
    pub fn never_sent(name: &'static str, moods: &'static [Mood], act: Act, end: MessageStatus) -> Self {
        let mut scenario = Self::sent(name, moods, true);
        scenario.act = act;
        scenario.expected.texts = vec![("Hello", 0)];
        scenario.expected.statuses = vec![("Hello", end)];
        scenario.expected.captured = 0;
        scenario
    }

    pub async fn world(&self, engine: &Arc<Engine>, cuts: &[Cut], hasty: bool) -> World {
        let (fate, moods) = (self.fate, self.moods);
        World::new(engine, &Setting { provider: self.provider, fate, moods, cuts, hasty }).await
    }

    /// Plays it in a world, until that is at rest. What is broken, in words.
    pub async fn play(&self, world: World) -> (World, Vec<String>) {
        let mut drive = Drive::new(world, self.callbacks);
        match self.act {
            Act::Send => {
                drive.send("Hello", None).await;
            }
            Act::SendTwice => {
                drive.send("Hello", None).await;
                drive.send_under("another key", "Hello", None).await;
            }
            Act::Later | Act::LaterAndWithdrawn => {
                let later: Timestamp = at(600);
                let id = drive.send("Hello", Some(later)).await;
                if self.act == Act::LaterAndWithdrawn {
                    drive.settle(Duration::from_secs(120)).await;
                    assert!(drive.cancel(id).await, "it was not due");
                }
            }
            Act::Inbound(body) => {
                drive.text("10000000-0000-4000-8000-00000000aaaa", body).await;
                // Any provider may deliver it again.
                drive.text("10000000-0000-4000-8000-00000000aaaa", body).await;
            }
            Act::SendThenStop => {
                drive.send("Hello", None).await;
                drive.text("10000000-0000-4000-8000-00000000bbbb", "STOP").await;
            }
        }
        let mut broken = Vec::new();
        law::money(&drive.world, &mut broken);
        if !drive.settle(HORIZON).await {
            broken.push("not at rest after an hour".into());
        }
        broken.extend(law::at_rest(&drive.world, &self.expected));
        (drive.world, broken)
    }

    /// Plays it once whole, and then once for every place where it can be cut. Returns how many crash
    /// points were covered.
    pub async fn enumerate(&self) -> usize {
        let engine = Engine::start().await;
        let (world, broken) = self.play(self.world(&engine, &[], false).await).await;
        assert!(broken.is_empty(), "{}, undisturbed: {broken:#?}\n{:?}", self.name, world.fuse.calls());
        let calls = world.fuse.calls();
        drop(world);
        let mut covered = 0;
        let mut failures = Vec::new();
        for cut in cuts(calls.len(), self.every) {
            let (world, broken) = self.play(self.world(&engine, &[cut], false).await).await;
            assert_eq!(world.fuse.met(), 1, "{}: {cut:?} was never reached", self.name);
            covered += 1;
            if !broken.is_empty() {
                failures.push(format!(
                    "{cut:?} at {}: {broken:#?}\n{:?}",
                    calls[cut.call],
                    world.fuse.calls()
                ));
            }
        }
        assert!(
            failures.is_empty(),
            "{}: {} cuts break it\n{}",
            self.name,
            failures.len(),
            failures.join("\n")
        );
        println!("{}: {} calls, {covered} crash points", self.name, calls.len());
        covered
    }
}

/// Every case, or the part of them that `make test` has time for.
pub fn full() -> bool {
    std::env::var("TANDEM_TORTURE").is_ok_and(|value| value == "full")
}

/// Where a run of `calls` calls is cut: each call in four ways, or, when not all is asked for, one call
/// of `every` in one way, by turns.
pub fn cuts(calls: usize, every: usize) -> Vec<Cut> {
    let ways = [
        (Side::After, Way::Dies),
        (Side::Before, Way::Dies),
        (Side::After, Way::Fails),
        (Side::Before, Way::Fails),
    ];
    let cut = |call, (side, way)| Cut { call, side, way };
    if full() {
        return (0..calls).flat_map(|call| ways.map(|way| cut(call, way))).collect();
    }
    (0..calls).step_by(every).enumerate().map(|(turn, call)| cut(call, ways[turn % ways.len()])).collect()
}
