//! Texts that no webhook brought: whichever webhooks are lost, late or doubled, and wherever a run is cut,
//! every text is stored once, under the id that its webhook would have given it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use telephony::app::backfill::{Backfilled, MARGIN, OVERLAP};
use telephony::domain::address::Address;
use telephony::domain::ids::MessageId;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Consents, Watermark, Watermarks};
use telephony::provider::ProviderId;
use telephony::provider::webhooks::InboundText;

use crate::drive::Drive;
use crate::fuse::Cut;
use crate::mailbox::Trouble;
use crate::provider::DELIVERED;
use crate::scenario::{HORIZON, cuts, full};
use crate::support::samples::OWN;
use crate::world::{Engine, Setting, World};

const PROVIDER: ProviderId = ProviderId::SignalWire;
/// A number of the account that nobody has here.
const NOBODYS: &str = "+14155550199";
/// What is written: every kind that something follows from.
const BODIES: [&str; 5] = ["Hello", "HELP", "STOP", "pictures", "anyone there?"];
/// The reconciler comes so often.
const EVERY: Duration = Duration::from_secs(300);

async fn world(engine: &Arc<Engine>, cuts: &[Cut]) -> World {
    World::new(engine, &Setting { provider: PROVIDER, fate: DELIVERED, moods: &[], cuts, hasty: false }).await
}

fn arrive(world: &World, n: u32, to: &str, body: &str) -> InboundText {
    world.provider.mailbox.receive(PROVIDER, n, to, body, world.now())
}

fn pass(world: &World, time: Duration) {
    world.clock.reach(world.now().plus(time));
}

/// One run, which may die.
async fn run(world: &World) -> Option<Backfilled> {
    let now = world.now();
    let run = world.fuse.process(world.backfill.run(now, now.plus(Duration::from_secs(60)))).await?;
    run.ok()
}

/// The reconciler comes until a run has read everything that there was at the beginning.
async fn reconcile(world: &World) -> Vec<Backfilled> {
    let begun = world.now();
    let mut runs = Vec::new();
    for _ in 0..40 {
        runs.extend(run(world).await);
        let marks = world.store.watermarks().await.unwrap();
        if marks.iter().any(|mark| mark.until > begun && mark.window.is_none()) {
            return runs;
        }
        pass(world, EVERY);
    }
    panic!("the watermark does not come past {begun}: {:?}", world.store.watermarks().await);
}

/// A webhook that comes to a process which nothing cuts.
async fn webhook(world: &World, text: &InboundText) {
    let receive = world.receive_apart();
    receive.receive(PROVIDER, &world.account(), text.clone(), world.now()).await.unwrap();
}

fn word<'i>(item: &'i Value, name: &str) -> &'i str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// What must hold of every text that the provider has received for us, in words where it does not.
async fn broken(world: &World) -> Vec<String> {
    let mut broken = Vec::new();
    let items = world.items();
    let messages: HashMap<&str, &Value> = items
        .iter()
        .filter(|(_, item)| word(item, "ent") == "msg" && item["fp"].is_object())
        .map(|((pk, _), item)| (pk.rsplit('#').next().unwrap(), item))
        .collect();
    let expected: Vec<_> =
        world.provider.mailbox.received().into_iter().filter(|one| one.text.to.as_str() == OWN).collect();
    if messages.len() != expected.len() {
        broken.push(format!("{} texts stored, not {}", messages.len(), expected.len()));
    }
    let mut answers = 0;
    for one in &expected {
        let id = MessageId::derived(&["inbound", world.account().as_str(), one.text.sid.as_str()]);
        let Some(item) = messages.get(id.to_string().as_str()) else {
            broken.push(format!("{:?} is not stored", one.text.body));
            continue;
        };
        let doc: Value = serde_json::from_str(word(item, "doc")).unwrap();
        let urls: Vec<&str> = doc["media"].as_array().map_or_else(Vec::new, |media| {
            media.iter().map(|media| media["url"].as_str().unwrap()).collect()
        });
        let theirs: Vec<&str> = one.text.media.iter().map(|media| media.url.as_str()).collect();
        if word(item, "body") != one.text.body || urls != theirs {
            broken.push(format!("{:?} is {:?} with {urls:?}", one.text.body, word(item, "body")));
        }
        let found = doc["found_at"].is_string();
        let (at, _) = word(item, "GSI1SK").split_once('#').unwrap();
        if found && Timestamp::parse_rfc3339(at).unwrap().seconds() != one.at.seconds() {
            broken.push(format!("{:?} was found and is of {at}", one.text.body));
        }
        let to = one.text.from.as_str();
        let there = world.provider.taken().iter().filter(|text| text.to == to).count();
        answers += there;
        let most = usize::from(!found && ["HELP", "STOP"].contains(&one.text.body.as_str()));
        if there > most {
            broken.push(format!("{:?} was answered {there} times, found: {found}", one.text.body));
        }
        let blocked = world.store.consent(&world.tenant, &Address::parse(to)).await.unwrap();
        if blocked.is_some_and(|consent| consent.is_blocked()) != (one.text.body == "STOP") {
            broken.push(format!("{:?} and the block do not fit", one.text.body));
        }
    }
    if world.provider.taken().len() != answers {
        broken.push(format!("{} answers to somebody else", world.provider.taken().len() - answers));
    }
    broken.extend(
        items
            .values()
            .filter(|item| word(item, "GSI2PK").starts_with("PEND#"))
            .map(|item| format!("{:?} is still pending", word(item, "body"))),
    );
    broken
}

/// Of six texts one webhook comes; the others come after all, twice, when they have been found.
async fn play(world: World) -> (Drive, Vec<Backfilled>, Vec<String>) {
    // The account was looked at before: it begins when that is done for the first time.
    let (account, now) = (world.account(), world.now());
    let begun = Watermark { account, until: now, window: None, tried_at: now, version: 0 };
    assert!(world.store.set_watermark(&begun, now).await.unwrap());
    pass(&world, Duration::from_secs(60));
    let mut texts = Vec::new();
    for (n, body) in (1..).zip(BODIES) {
        texts.push(arrive(&world, n, OWN, body));
        pass(&world, Duration::from_secs(1));
    }
    arrive(&world, 9, NOBODYS, "Hello");
    webhook(&world, &texts[0]).await;
    pass(&world, Duration::from_secs(600));
    let runs = reconcile(&world).await;
    let mut drive = Drive::new(world, true);
    drive.watch();
    for text in texts.iter().chain(&texts) {
        webhook(&drive.world, text).await;
    }
    let mut wrong = Vec::new();
    if !drive.settle(HORIZON).await {
        wrong.push("not at rest after an hour".into());
    }
    wrong.extend(broken(&drive.world).await);
    // The one whose webhook came in time asks for nothing, and what is found is not answered.
    wrong.extend(drive.world.provider.taken().iter().map(|text| format!("{:?} was sent", text.body)));
    (drive, runs, wrong)
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_run_is_cut_nothing_is_lost_or_doubled() {
    let engine = Engine::start().await;
    let (drive, runs, wrong) = play(world(&engine, &[]).await).await;
    assert!(wrong.is_empty(), "undisturbed: {wrong:#?}");
    assert_eq!(runs[0].stored[&PROVIDER], 4);
    assert_eq!((runs[0].unknown, runs[0].accounts, runs[0].failures, runs[0].left), (1, 1, 0, 0));
    assert!(runs[1..].iter().all(|run| run.stored.is_empty()), "{runs:?}");
    let calls = drive.world.fuse.calls();
    let last = calls.iter().position(|call| *call == "watermarks.set").unwrap() + 1;
    let mut covered = 0;
    for cut in cuts(last, 2) {
        let (drive, _, wrong) = play(world(&engine, &[cut]).await).await;
        assert_eq!(drive.world.fuse.met(), 1, "{cut:?} was never reached");
        assert!(wrong.is_empty(), "{cut:?} at {}: {wrong:#?}", calls[cut.call]);
        covered += 1;
    }
    println!("backfill: {last} calls, {covered} crash points");
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    /// The provider receives a text.
    Arrives(&'static str),
    /// The webhook of one of them comes, for the first time or once more.
    Webhook(prop::sample::Index),
    Runs,
    /// Two runs at once.
    RunsTwice,
    Trouble(Trouble),
    /// A record of the stream, or a job.
    Works,
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let trouble = prop::sample::select(vec![Trouble::Away, Trouble::Refuses, Trouble::Broken]);
    prop_oneof![
        5 => prop::sample::select(BODIES.to_vec()).prop_map(Event::Arrives),
        4 => any::<prop::sample::Index>().prop_map(Event::Webhook),
        4 => Just(Event::Runs),
        1 => Just(Event::RunsTwice),
        1 => trouble.prop_map(Event::Trouble),
        3 => Just(Event::Works),
        4 => prop_oneof![0_u64..60, 200_u64..2000].prop_map(Event::Pass),
    ]
}

async fn happen(engine: &Arc<Engine>, events: &[Event]) -> Vec<String> {
    let mut drive = Drive::new(world(engine, &[]).await, true);
    // An account begins when it is first looked at: what came before that and was lost stays lost.
    run(&drive.world).await.unwrap();
    let mut texts: Vec<InboundText> = Vec::new();
    let mut wrong = Vec::new();
    let mut mark = drive.world.store.watermarks().await.unwrap().remove(0);
    for event in events {
        match event {
            Event::Arrives(body) => {
                texts.push(arrive(&drive.world, u32::try_from(texts.len()).unwrap() + 1, OWN, body));
            }
            Event::Webhook(_) if texts.is_empty() => {}
            Event::Webhook(which) => webhook(&drive.world, which.get(&texts)).await,
            Event::Runs => drop(run(&drive.world).await.unwrap()),
            Event::RunsTwice => {
                let (one, two) = tokio::join!(run(&drive.world), run(&drive.world));
                assert!(one.is_some() && two.is_some());
            }
            Event::Trouble(trouble) => drive.world.provider.mailbox.trouble(*trouble),
            Event::Works => {
                drive.watch();
                let _ = drive.feed().await || drive.work().await;
            }
            Event::Pass(seconds) => pass(&drive.world, Duration::from_secs(*seconds)),
        }
        let now = drive.world.store.watermarks().await.unwrap().remove(0);
        if now.until < mark.until {
            wrong.push(format!("the watermark went back from {} to {}", mark.until, now.until));
        }
        mark = now;
    }
    reconcile(&drive.world).await;
    if !drive.settle(HORIZON).await {
        wrong.push("not at rest after an hour".into());
    }
    wrong.extend(broken(&drive.world).await);
    wrong
}

#[test]
fn any_webhooks_around_any_runs_store_every_text_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let engine = runtime.block_on(Engine::start());
    let cases = if full() { 512 } else { 12 };
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let strategy = prop::collection::vec(event(), 1..24);
    let outcome = TestRunner::new(config).run(&strategy, |events| {
        let wrong = runtime.block_on(happen(&engine, &events));
        prop_assert!(wrong.is_empty(), "{:#?}", wrong);
        Ok(())
    });
    outcome.unwrap();
}

/// A quiet account costs one request a run, and the newest minutes are the webhooks'.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_once_and_leaves_the_newest_minutes_alone() {
    let engine = Engine::start().await;
    let world = world(&engine, &[]).await;
    run(&world).await.unwrap();
    pass(&world, EVERY);
    arrive(&world, 1, OWN, "Hello");
    pass(&world, MARGIN);
    assert_eq!(run(&world).await.unwrap().stored.len(), 0, "it is just as old as the margin");
    assert_eq!(world.provider.mailbox.asked().len(), 2);
    // Too soon: nothing is asked.
    pass(&world, Duration::from_secs(60));
    assert_eq!(run(&world).await.unwrap(), Backfilled::default());
    pass(&world, EVERY);
    assert_eq!(run(&world).await.unwrap().stored[&PROVIDER], 1);
    assert_eq!(world.provider.mailbox.asked().len(), 3);
    // Once more within the overlap: it is known.
    pass(&world, EVERY);
    assert_eq!(run(&world).await.unwrap().stored.len(), 0);
}

/// A run that is started by hand may look a little ahead, and makes no later one forget a text.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_ahead_of_the_clock_loses_nothing() {
    let engine = Engine::start().await;
    let world = world(&engine, &[]).await;
    arrive(&world, 1, OWN, "now");
    let (tomorrow, soon) = (Duration::from_secs(86_400), Duration::from_secs(60));
    let ahead = world.backfill.run(world.now().plus(tomorrow), world.now().plus(soon)).await.unwrap();
    assert_eq!(ahead.stored[&PROVIDER], 1);
    pass(&world, Duration::from_secs(1));
    arrive(&world, 2, OWN, "a moment later");
    // The watermark is ahead: there is nothing to ask for until the clock has come after it.
    assert_eq!(run(&world).await.unwrap(), Backfilled::default());
    pass(&world, MARGIN + OVERLAP);
    assert_eq!(run(&world).await.unwrap().stored[&PROVIDER], 1);
}

/// More than a run has pages for, or time for: the next one goes on, and the watermark waits.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_one_run_the_next_ones_finish() {
    let engine = Engine::start().await;
    let world = world(&engine, &[]).await;
    run(&world).await.unwrap();
    for n in 1..=25 {
        arrive(&world, n, OWN, "Hello");
        pass(&world, Duration::from_secs(1));
    }
    pass(&world, OVERLAP);
    let before = world.store.watermarks().await.unwrap().remove(0).until;
    let first = run(&world).await.unwrap();
    assert_eq!((first.stored[&PROVIDER], first.left, first.accounts), (20, 1, 0));
    assert_eq!(world.store.watermarks().await.unwrap().remove(0).until, before);
    // No time at all: nothing is asked.
    let asked = world.provider.mailbox.asked().len();
    let none = world.backfill.run(world.now(), world.now()).await.unwrap();
    assert_eq!((none.left, world.provider.mailbox.asked().len()), (1, asked));
    // The provider has forgotten the page: the window begins again, and loses nothing.
    world.provider.mailbox.trouble(Trouble::Refuses);
    assert_eq!(run(&world).await.unwrap().failures, 1);
    let again = run(&world).await.unwrap();
    assert_eq!((again.stored.len(), again.left), (0, 1));
    let last = run(&world).await.unwrap();
    assert_eq!((last.stored[&PROVIDER], last.left, last.accounts), (5, 0, 1));
    assert!(world.store.watermarks().await.unwrap().remove(0).until > before);
}

/// A number that somebody else had: what was written to it then is not the new holder's.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_the_number_was_ours_stays_away() {
    use telephony::ports::Numbers;
    let engine = Engine::start().await;
    let world = world(&engine, &[]).await;
    run(&world).await.unwrap();
    arrive(&world, 1, OWN, "for the one before");
    pass(&world, Duration::from_secs(2));
    let number = world.store.by_tenant(&world.tenant, &OWN.parse().unwrap()).await.unwrap().unwrap();
    let mut taken = number.clone();
    taken.created_at = world.now();
    assert!(world.store.put(&taken).await.unwrap());
    arrive(&world, 2, OWN, "for us");
    pass(&world, OVERLAP);
    let run = run(&world).await.unwrap();
    assert_eq!((run.stored[&PROVIDER], run.unknown), (1, 1));
}
