//! The comparison with the providers, both ways.

use std::time::Duration;

use telephony::app::numbers::purchase::Answer;
use telephony::app::reconcile::Report;
use telephony::domain::ids::PurchaseId;
use telephony::domain::mark::Marker;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{AccountBook, Numbers};
use telephony::provider::ProviderId::{self, SignalWire, Telnyx, Twilio};

use crate::fuse::{Cut, Side, Way};
use crate::law;
use crate::market::{Held, Mood};
use crate::scenario::never;
use crate::support::samples::{number, tenant};
use crate::world::{Engine, FIRST, FOREIGN, STACK, World, price};

const HOUR: Duration = Duration::from_secs(3601);
const DAY: Duration = Duration::from_secs(86_400);

fn plant(world: &World, provider: ProviderId, phone: &str, mark: &str) {
    plant_in(world, provider, phone, Held { mark: mark.to_owned(), ..Held::default() });
}

fn plant_in(world: &World, provider: ProviderId, phone: &str, held: Held) {
    let held = Held { sid: format!("77{}", &phone[8..]), ..held };
    world.providers.with(|state| state.held.insert((provider, phone.to_owned()), held));
}

/// The mark of a purchase that failed.
async fn lost(world: &World) -> String {
    lost_in(world, "acme", "platform").await
}

/// The same, of this tenant and through this account.
async fn lost_in(world: &World, name: &str, account: &str) -> String {
    let sold = world.process.buy(&tenant(name), "+14155550177", account, None).await.unwrap();
    assert!(matches!(sold.answer, Answer::Failed(_)));
    let items = world.items();
    let failed = items.values().find_map(|item| {
        let purchase: serde_json::Value = serde_json::from_str(item["doc"]["S"].as_str()?).ok()?;
        let is_it =
            purchase["state"] == "failed" && purchase["tenant"] == name && purchase["account"] == account;
        is_it.then(|| purchase["mark"].as_str().unwrap().to_owned())
    });
    failed.expect("a purchase that failed")
}

/// The numbers that are held, other than the one that carries no mark.
fn held(world: &World) -> Vec<String> {
    let all =
        world.providers.with(|state| state.held.keys().map(|(_, phone)| phone.clone()).collect::<Vec<_>>());
    all.into_iter().filter(|phone| phone != FOREIGN).collect()
}

/// One run of the reconciler, an hour later.
async fn an_hour_later(world: &World) -> Report {
    world.clock.reach(world.now().plus(HOUR));
    world.process.reconcile.run(world.now().plus(HOUR)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_carries_our_mark_and_nobody_knows_is_given_back() {
    let engine = Engine::start().await;
    for provider in [Twilio, SignalWire, Telnyx] {
        let world = World::new(&engine, provider, Mood::default(), &[]).await;
        world.deposit("acme", 10 * price()).await;
        world.process.buy(&tenant("acme"), FIRST, "platform", None).await.unwrap();
        let ours = lost(&world).await;
        plant(&world, provider, "+14155550177", &ours);
        // Of a purchase that is not on record, and of another stack.
        let unknown = Marker::new(STACK).mark(PurchaseId::from_bits(7));
        plant(&world, provider, "+14155550176", &unknown);
        let theirs = Marker::new("another-stack").mark(PurchaseId::from_bits(7));
        plant(&world, provider, "+14155550178", &theirs);
        let report = world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!((report.failures, report.swept.orphans, report.swept.missing), (0, 1, 0));
        // The other stack's, and the one that carries no mark.
        assert_eq!((report.swept.unmanaged, report.swept.unknown, report.swept.accounts), (2, 1, 2));
        let held: Vec<String> =
            world.providers.with(|state| state.held.keys().map(|(_, phone)| phone.clone()).collect());
        assert_eq!(held, [FIRST, FOREIGN, "+14155550176", "+14155550178"]);
        // Not before the next hour, and then there is nothing to be found.
        assert_eq!(world.process.reconcile.run(world.now().plus(HOUR)).await.swept.accounts, 0);
        world.clock.reach(world.now().plus(HOUR));
        let report = world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!((report.swept.orphans, report.swept.accounts), (0, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_back_is_kept_and_told() {
    let engine = Engine::start().await;
    let mood = Mood { keeps_until: Some(never()), ..Mood::default() };
    for provider in [SignalWire, Telnyx] {
        let world = World::new(&engine, provider, mood, &[]).await;
        world.deposit("acme", 10 * price()).await;
        let ours = lost(&world).await;
        plant(&world, provider, "+14155550177", &ours);
        let report = world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!((report.swept.orphans, report.swept.kept, report.kept), (0, 1, 0));
        world.clock.reach(world.now().plus(HOUR));
        let report = world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!((report.swept.kept, report.kept), (0, 1));
        // One day the provider takes it back.
        world.providers.with(|state| state.mood.keeps_until = None);
        world.clock.reach(world.now().plus(6 * HOUR));
        world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!(world.providers.with(|state| state.held.len()), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_does_not_hold_any_more_is_told_and_kept() {
    let engine = Engine::start().await;
    for provider in [Twilio, SignalWire, Telnyx] {
        let world = World::new(&engine, provider, Mood::default(), &[]).await;
        world.deposit("acme", 10 * price()).await;
        world.process.buy(&tenant("acme"), FIRST, "platform", None).await.unwrap();
        world.providers.with(|state| state.held.remove(&(provider, FIRST.to_owned())));
        let before = world.items().len();
        let report = world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!((report.swept.missing, report.failures), (1, 0));
        // How far the comparisons of both accounts came is all that was written.
        assert_eq!(world.items().len(), before + 2);
    }
}

/// A purchase whose answer is lost, and whose number appears after a day: through the platform's account,
/// the tenant's own, and a subaccount.
#[tokio::test(flavor = "multi_thread")]
async fn what_shows_up_a_day_later_is_given_back_in_whosever_account() {
    let engine = Engine::start().await;
    let shy = Mood { shy: DAY, ..Mood::default() };
    for provider in [Twilio, SignalWire] {
        for account in ["platform", "own", "below"] {
            let ordered = {
                let world = World::new(&engine, provider, Mood::default(), &[]).await;
                world.open_below("acme", "below").await;
                world.deposit("acme", 10 * price()).await;
                world.process.buy(&tenant("acme"), FIRST, account, None).await.unwrap();
                world.fuse.calls().iter().position(|call| *call == "provider.post").expect("an order")
            };
            let lost = Cut { call: ordered, side: Side::After, way: Way::Fails };
            let world = World::new(&engine, provider, shy, &[lost]).await;
            world.open_below("acme", "below").await;
            world.deposit("acme", 10 * price()).await;
            let asked = world.process.buy(&tenant("acme"), FIRST, account, None).await.unwrap();
            assert!(matches!(asked.answer, Answer::Pending(_)), "{account} at {provider}");
            // It is looked for, and its purchase fails.
            for _ in 0..5 {
                let report = an_hour_later(&world).await;
                assert_eq!((report.failures, report.swept.orphans), (0, 0));
            }
            assert_eq!((law::done(&world.items()), law::open_tasks(&world.items())), (0, vec![]));
            assert_eq!(held(&world), [FIRST]);
            world.clock.reach(world.now().plus(DAY));
            let report = an_hour_later(&world).await;
            assert_eq!((report.failures, report.swept.orphans), (0, 1), "{account} at {provider}");
            assert_eq!(held(&world), Vec::<String>::new());
            let broken = law::at_rest(&world, &[("acme", 10 * price())], 1);
            assert!(broken.is_empty(), "{account} at {provider}: {broken:#?}");
        }
    }
}

/// The same at every provider, where a number appears that nobody can have ordered any more; and strangers'
/// numbers beside it.
#[tokio::test(flavor = "multi_thread")]
async fn orphans_in_accounts_of_tenants_are_given_back_and_nothing_else_is() {
    let engine = Engine::start().await;
    for provider in [Twilio, SignalWire, Telnyx] {
        let world = World::new(&engine, provider, Mood::default(), &[]).await;
        world.open_below("acme", "below").await;
        world.deposit("acme", 10 * price()).await;
        world.deposit("bolt", 10 * price()).await;
        let tomorrow = Some(world.now().plus(DAY));
        for (n, account) in ["own", "below"].into_iter().enumerate() {
            let mark = lost_in(&world, "acme", account).await;
            let orphan = Held { mark, account: account.into(), visible: tomorrow, ..Held::default() };
            plant_in(&world, provider, &format!("+1415555017{n}"), orphan);
            let stranger = Held { mark: "Desk".into(), account: account.into(), ..Held::default() };
            plant_in(&world, provider, &format!("+1415555018{n}"), stranger);
        }
        // Of a purchase that is not on record; and of another tenant's, which no account of acme's can hold.
        let unknown = Marker::new(STACK).mark(PurchaseId::from_bits(7));
        plant_in(
            &world,
            provider,
            "+14155550190",
            Held { mark: unknown, account: "own".into(), ..Held::default() },
        );
        let bolts = lost_in(&world, "bolt", "platform").await;
        plant_in(
            &world,
            provider,
            "+14155550191",
            Held { mark: bolts, account: "own".into(), ..Held::default() },
        );
        let report = an_hour_later(&world).await;
        assert_eq!((report.failures, report.swept.orphans, report.swept.unknown), (0, 0, 1));
        assert_eq!(report.swept.accounts, 3);
        world.clock.reach(world.now().plus(DAY));
        let report = an_hour_later(&world).await;
        assert_eq!((report.failures, report.swept.orphans, report.swept.unknown), (0, 2, 1), "{provider}");
        assert_eq!(held(&world), ["+14155550180", "+14155550181", "+14155550190", "+14155550191"]);
        assert_eq!(world.providers.with(|state| state.returned.len()), 2);
        // What is not taken back is kept, in the name of the account that holds it.
        world.providers.with(|state| state.mood.keeps_until = Some(never()));
        let mark = lost_in(&world, "acme", "below").await;
        plant_in(&world, provider, "+14155550170", Held { mark, account: "below".into(), ..Held::default() });
        assert_eq!(an_hour_later(&world).await.swept.kept, 1);
        world.providers.with(|state| state.mood.keeps_until = None);
        world.clock.reach(world.now().plus(DAY));
        an_hour_later(&world).await;
        assert_eq!(held(&world), ["+14155550180", "+14155550181", "+14155550190", "+14155550191"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_fails_stops_no_other_and_a_tenants_raises_no_alarm() {
    let engine = Engine::start().await;
    for provider in [Twilio, SignalWire, Telnyx] {
        let world = World::new(&engine, provider, Mood::default(), &[]).await;
        let below = world.open_below("acme", "below").await;
        let closed = |account: &str| world.providers.with(|state| state.closed.insert(account.to_owned()));
        closed("own");
        let report = an_hour_later(&world).await;
        assert_eq!((report.failures, report.swept.unread, report.swept.accounts), (0, 1, 2), "{provider}");
        closed("below");
        let report = an_hour_later(&world).await;
        assert_eq!((report.failures, report.swept.unread, report.swept.accounts), (0, 2, 1));
        // The platform's own are somebody's here to mend.
        closed("");
        let report = an_hour_later(&world).await;
        assert_eq!((report.failures, report.swept.unread, report.swept.accounts), (1, 2, 0));
        world.providers.with(|state| state.closed.clear());
        assert!(world.book().remove(&below).await.unwrap());
        let report = an_hour_later(&world).await;
        assert_eq!((report.failures, report.swept.unread, report.swept.accounts), (0, 0, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_takes_so_many_accounts_and_so_much_of_each_and_the_next_goes_on() {
    let engine = Engine::start().await;
    let world = World::new(&engine, Twilio, Mood::default(), &[]).await;
    let mark = {
        world.deposit("acme", 10 * price()).await;
        lost(&world).await
    };
    for n in 0..30 {
        let account = format!("below-{n}");
        world.open_below("acme", &account).await;
        plant_in(
            &world,
            Twilio,
            &format!("+141555502{n:02}"),
            Held { mark: mark.clone(), account, ..Held::default() },
        );
    }
    let mut runs = Vec::new();
    for _ in 0..4 {
        let swept = world.process.reconcile.run(until_of(&world)).await.swept;
        runs.push((swept.accounts, swept.orphans));
    }
    let orphans: u64 = runs.iter().map(|(_, orphans)| orphans).sum();
    assert_eq!(
        (runs.iter().map(|(accounts, _)| *accounts).collect::<Vec<_>>(), orphans),
        (vec![12, 12, 8, 0], 30)
    );
    assert_eq!(held(&world), Vec::<String>::new());
    // No time: nothing is begun, and it is all there for the next run.
    world.clock.reach(world.now().plus(HOUR));
    assert_eq!(world.process.reconcile.run(world.now()).await.swept.accounts, 0);
    assert_eq!(world.process.reconcile.run(until_of(&world)).await.swept.accounts, 12);

    // Numbers of ours that are all gone: each is asked for, and none twice.
    let world = World::new(&engine, Twilio, Mood::default(), &[]).await;
    for n in 0..130 {
        let phone = format!("+1415555{:04}", 300 + n);
        assert!(world.store.put(&number(&tenant("acme"), "platform", &phone)).await.unwrap());
    }
    let mut missing = Vec::new();
    for _ in 0..4 {
        world.clock.reach(world.now().plus(Duration::from_secs(60)));
        missing.push(world.process.reconcile.run(until_of(&world)).await.swept.missing);
    }
    assert_eq!(missing, [59, 60, 11, 0]);
}

fn until_of(world: &World) -> Timestamp {
    world.now().plus(HOUR)
}
