//! What happens in a world, and the same cut off at every request.

use std::time::Duration;

use telephony::app::numbers::purchase::Answer;
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::NumberId;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Inventory;
use telephony::provider::ProviderId;

use crate::fuse::{Cut, Side, Way};
use crate::law;
use crate::market::Mood;
use crate::support::samples::{at, page, tenant};
use crate::world::{Engine, FIRST, World, actor, price};

/// The schedule of the reconciler.
const MINUTE: Duration = Duration::from_secs(60);
/// A client tries again after this.
const AGAIN: Duration = Duration::from_secs(1);
/// Everything has ended after this.
const HORIZON: Duration = Duration::from_secs(72 * 3600);
/// At most so many places of one run are cut, unless all are asked for.
const MOST_SAMPLED: usize = 8;

/// What people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Buy,
    /// The client does not try again.
    BuyOnce,
    /// Through the tenant's own account.
    BuyOwn,
    /// Two tenants want the same number, one after the other.
    BuyBoth,
    /// The same tenant asks twice, under two keys.
    BuyTwice,
    /// Somebody else gets the number first.
    Taken,
    BuyAndRelease,
    BuyOwnAndRelease,
}

pub struct Scenario {
    pub name: &'static str,
    pub provider: ProviderId,
    pub mood: Mood,
    pub act: Act,
    /// How many purchases end well when nothing is cut.
    pub done: usize,
    /// One call of so many is cut when not all is asked for.
    pub every: usize,
}

impl Scenario {
    pub fn new(name: &'static str, provider: ProviderId, mood: Mood, act: Act, done: usize) -> Self {
        Self { name, provider, mood, act, done, every: 9 }
    }

    fn account(&self) -> &'static str {
        if matches!(self.act, Act::BuyOwn | Act::BuyOwnAndRelease) { "own" } else { "platform" }
    }

    /// Plays it, and drives the world until nothing is left to do. What is broken, in words.
    async fn play(&self, world: &World) -> Vec<String> {
        world.deposit("acme", 10 * price()).await;
        world.deposit("bolt", 10 * price()).await;
        let mut requests = 1;
        match self.act {
            Act::BuyOnce => {
                let acme = tenant("acme");
                let once = world.process.buy(&acme, FIRST, self.account(), Some("key"));
                let _ = world.fuse.process(once).await;
            }
            Act::Taken => {
                world.providers.with(|state| state.for_sale.remove(FIRST));
                self.buy(world, "acme", "key").await;
            }
            Act::Buy | Act::BuyOwn => drop(self.buy(world, "acme", "key").await),
            Act::BuyBoth => {
                requests = 2;
                self.buy(world, "acme", "key").await;
                self.buy(world, "bolt", "key").await;
            }
            Act::BuyTwice => {
                requests = 2;
                self.buy(world, "acme", "key").await;
                self.buy(world, "acme", "another key").await;
            }
            Act::BuyAndRelease | Act::BuyOwnAndRelease => {
                self.buy(world, "acme", "key").await;
                if let Some(id) = self.bought(world).await {
                    self.release(world, id).await;
                }
            }
        }
        let mut broken = Vec::new();
        if !self.settle(world).await {
            broken.push("not at rest".to_owned());
        }
        let paid = 10 * price();
        broken.extend(law::at_rest(world, &[("acme", paid), ("bolt", paid)], requests));
        broken
    }

    /// A client buys, and repeats the request under its key until it has an answer.
    async fn buy(&self, world: &World, name: &str, key: &str) -> Option<Result<Answer, Problem>> {
        for _ in 0..9 {
            let (buyer, account) = (tenant(name), self.account());
            let answer = world.fuse.process(world.process.buy(&buyer, FIRST, account, Some(key))).await;
            match answer {
                Some(Ok(bought)) => return Some(Ok(bought.answer)),
                Some(Err(problem)) if problem.code() != Code::Internal => return Some(Err(problem)),
                Some(Err(_)) | None => world.clock.reach(world.now().plus(AGAIN)),
            }
        }
        panic!("a client gave up");
    }

    async fn bought(&self, world: &World) -> Option<NumberId> {
        // A purchase that was cut off is finished first.
        self.settle(world).await;
        let numbers = world.store.numbers(&tenant("acme"), &page(10, None)).await.unwrap();
        numbers.items.first().map(|number| number.id)
    }

    async fn release(&self, world: &World, id: NumberId) {
        for _ in 0..9 {
            let actor = actor("acme");
            let id = id.to_string();
            let answer = world.fuse.process(world.process.release.release(&actor, &id)).await;
            match answer {
                Some(Ok(_)) => return,
                Some(Err(problem)) if problem.code() != Code::Internal => return,
                Some(Err(_)) | None => world.clock.reach(world.now().plus(AGAIN)),
            }
        }
        panic!("a client gave up");
    }

    /// Lets time go on and the reconciler run. True: nothing is left to do.
    pub async fn settle(&self, world: &World) -> bool {
        let end = world.now().plus(HORIZON);
        let mut calm = 0;
        while world.now() < end {
            let items = world.items();
            let mut due = law::open_tasks(&items);
            due.extend(law::returns(&items));
            let next = due.iter().min().map(|sk| {
                let at = sk.split('#').next().and_then(Timestamp::parse_rfc3339).expect("a due time");
                at.plus(Duration::from_millis(1))
            });
            let open = !law::open_tasks(&items).is_empty();
            calm = if open { 0 } else { calm + 1 };
            // One more comparison with the provider after everything has ended.
            if calm > 1 && (next.is_none() || self.mood.keeps_until.is_some_and(|until| until > end)) {
                return true;
            }
            let quiet = world.now().plus(Duration::from_secs(if open { 60 } else { 3601 }));
            world.clock.reach(next.map_or(quiet, |next| next.max(world.now().plus(MINUTE))));
            let run = world.process.reconcile.run(world.now().plus(MINUTE));
            let _ = world.fuse.process(run).await;
        }
        law::open_tasks(&world.items()).is_empty() && law::returns(&world.items()).is_empty()
    }

    /// Plays it once whole, and then once for every place where it can be cut. Returns how many crash
    /// points were covered.
    pub async fn enumerate(&self) -> usize {
        let engine = Engine::start().await;
        let world = World::new(&engine, self.provider, self.mood, &[]).await;
        let broken = self.play(&world).await;
        let calls = world.fuse.calls();
        let what = format!("{} at {}", self.name, self.provider);
        assert!(broken.is_empty(), "{what}, undisturbed: {broken:#?}\n{calls:?}");
        assert_eq!(law::done(&world.items()), self.done, "{what}, undisturbed\n{calls:?}");
        drop(world);
        let mut covered = 0;
        let mut failures = Vec::new();
        // A run of days has hundreds of calls that are all alike.
        for cut in cuts(calls.len(), self.every.max(calls.len() / MOST_SAMPLED)) {
            let world = World::new(&engine, self.provider, self.mood, &[cut]).await;
            let broken = self.play(&world).await;
            assert_eq!(world.fuse.met(), 1, "{what}: {cut:?} was never reached");
            covered += 1;
            if !broken.is_empty() {
                failures.push(format!(
                    "{cut:?} at {}: {broken:#?}\n{:?}",
                    calls[cut.call],
                    world.fuse.calls()
                ));
            }
        }
        assert!(failures.is_empty(), "{what}: {} cuts break it\n{}", failures.len(), failures.join("\n"));
        println!("{what}: {} calls, {covered} crash points", calls.len());
        covered
    }
}

/// Every case, or the part of them that `make test` has time for.
pub fn full() -> bool {
    std::env::var("TANDEM_TORTURE").is_ok_and(|value| value == "full")
}

/// Where a run of `calls` calls is cut: each call in four ways (it dies before or after its effect, the
/// answer is lost, it fails before), or, when not all is asked for, one call of `every` in one way, by turns.
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

/// A time that never comes.
pub fn never() -> Timestamp {
    at(10 * 365 * 86_400)
}
