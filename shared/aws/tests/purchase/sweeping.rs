//! The comparison with the providers, both ways.

use std::time::Duration;

use telephony::app::numbers::purchase::Answer;
use telephony::domain::ids::PurchaseId;
use telephony::domain::mark::Marker;
use telephony::provider::ProviderId::{self, SignalWire, Telnyx, Twilio};

use crate::market::{Held, Mood};
use crate::scenario::never;
use crate::support::samples::tenant;
use crate::world::{Engine, FIRST, FOREIGN, STACK, World, price};

const HOUR: Duration = Duration::from_secs(3601);

fn plant(world: &World, provider: ProviderId, phone: &str, mark: &str) {
    let held = Held { sid: format!("77{}", &phone[10..]), mark: mark.to_owned(), ..Held::default() };
    world.providers.with(|state| state.held.insert((provider, phone.to_owned()), held));
}

/// The mark of a purchase that failed.
async fn lost(world: &World) -> String {
    let sold = world.process.buy(&tenant("acme"), "+14155550177", "platform", None).await.unwrap();
    assert!(matches!(sold.answer, Answer::Failed(_)));
    let items = world.items();
    let failed = items.values().find_map(|item| {
        let purchase: serde_json::Value = serde_json::from_str(item["doc"]["S"].as_str()?).ok()?;
        (purchase["state"] == "failed").then(|| purchase["mark"].as_str().unwrap().to_owned())
    });
    failed.expect("a purchase that failed")
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
        assert_eq!((report.swept.unmanaged, report.swept.unknown, report.swept.accounts), (2, 1, 1));
        let held: Vec<String> =
            world.providers.with(|state| state.held.keys().map(|(_, phone)| phone.clone()).collect());
        assert_eq!(held, [FIRST, FOREIGN, "+14155550176", "+14155550178"]);
        // Not before the next hour, and then there is nothing to be found.
        assert_eq!(world.process.reconcile.run(world.now().plus(HOUR)).await.swept.accounts, 0);
        world.clock.reach(world.now().plus(HOUR));
        let report = world.process.reconcile.run(world.now().plus(HOUR)).await;
        assert_eq!((report.swept.orphans, report.swept.accounts), (0, 1));
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
        // How far the comparison came is all that was written.
        assert_eq!(world.items().len(), before + 1);
    }
}
