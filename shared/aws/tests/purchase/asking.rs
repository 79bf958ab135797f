//! What a client is told.

use std::time::Duration;

use telephony::app::numbers::purchase::notice::{NoticeOrder, Noticed};
use telephony::app::numbers::purchase::{Answer, Bought};
use telephony::app::problem::{Code, Problem};
use telephony::provider::ProviderId::{self, SignalWire, Telnyx, Twilio};
use telephony::provider::numbers::OrderReport;

use crate::market::Mood;
use crate::support::samples::tenant;
use crate::world::{Engine, FIRST, SECOND, World, actor, price, request};

async fn world(provider: ProviderId, mood: Mood) -> World {
    let world = World::new(&Engine::start().await, provider, mood, &[]).await;
    world.deposit("acme", 3 * price()).await;
    world.deposit("bolt", price() - 1).await;
    world
}

async fn buys(world: &World, name: &str, phone: &str, key: Option<&str>) -> Result<Bought, Problem> {
    world.process.buy(&tenant(name), phone, "platform", key).await
}

fn refusal(bought: Result<Bought, Problem>) -> Problem {
    match bought {
        Err(problem) | Ok(Bought { answer: Answer::Failed(problem), .. }) => problem,
        Ok(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_its_payment_and_the_same_again() {
    let world = world(Twilio, Mood::default()).await;
    let Bought { answer: Answer::Done(done), replayed: false } =
        buys(&world, "acme", FIRST, Some("key")).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((done.number.phone_number.as_str(), done.number.status), (FIRST, "active"));
    assert!(done.number.managed && done.number.monthly_cost.is_some());
    assert_eq!(done.balance.micros().unwrap().get(), 2 * price());
    let paid = done.transaction.unwrap();
    assert_eq!((paid.kind, paid.amount.micros().unwrap().get()), ("capture", -price()));
    let again = buys(&world, "acme", FIRST, Some("key")).await.unwrap();
    assert!(again.replayed && matches!(again.answer, Answer::Done(same) if same.number.id == done.number.id));
    assert_eq!(refusal(buys(&world, "acme", SECOND, Some("key")).await).code(), Code::IdempotencyMismatch);
    assert_eq!(refusal(buys(&world, "acme", FIRST, None).await).code(), Code::NumberUnavailable);
    let id = paid.resource.unwrap();
    let shown = world.process.buy.show(&tenant("acme"), id.strip_prefix("purchase/").unwrap()).await.unwrap();
    assert_eq!((shown.state, shown.number_id), ("done", Some(done.number.id)));
    let foreign = world.process.buy.show(&tenant("bolt"), &shown.id).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_nothing_behind() {
    let world = world(Twilio, Mood::default()).await;
    let before = world.items().len();
    assert_eq!(refusal(buys(&world, "bolt", FIRST, Some("key")).await).code(), Code::InsufficientBalance);
    let user = "ann".parse().unwrap();
    let mut anybody = actor("acme");
    anybody.tenant_admin = false;
    let wanted = request(FIRST, "platform");
    let forbidden = world.process.buy.buy(&anybody, &user, &wanted, None).await;
    assert_eq!(refusal(forbidden).code(), Code::Forbidden);
    for (change, code) in [
        (("agent", "nobody"), Code::AgentNotFound),
        (("account", "own"), Code::ProviderNotFound),
        (("provider", "retell"), Code::CapabilityMissing),
        (("provider", "telnyx"), Code::ProviderNotConfigured(Some(Telnyx))),
        (("country", "DE"), Code::ValidationFailed),
    ] {
        let mut wanted = request(FIRST, "platform");
        match change {
            ("agent", id) => wanted.agent_id = Some(id.into()),
            ("account", id) => wanted.provider_account_id = Some(id.into()),
            ("provider", name) => {
                wanted.provider_account_id = None;
                wanted.provider = Some(name.into());
            }
            (_, country) => wanted.country_code = country.into(),
        }
        // acme's own account is not bolt's.
        let buyer = actor(if change.0 == "account" { "bolt" } else { "acme" });
        let bought = world.process.buy.buy(&buyer, &user, &wanted, None).await;
        assert_eq!(refusal(bought).code(), code, "{change:?}");
    }
    assert_eq!(world.items().len(), before);
    assert!(world.providers.with(|state| state.sold.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_is_told_and_told_again() {
    for (provider, code, expected) in [
        (Twilio, 21422, Code::NumberUnavailable),
        (Twilio, 21631, Code::AddressRequired),
        (Twilio, 21649, Code::AddressRequired),
        (Twilio, 21404, Code::ProviderRejected),
        (SignalWire, 4001, Code::ProviderUnavailable),
        (Telnyx, 85001, Code::NumberUnavailable),
        (Telnyx, 20100, Code::ProviderUnavailable),
    ] {
        let world = world(provider, Mood { refuses: Some(code), ..Mood::default() }).await;
        let first = refusal(buys(&world, "acme", FIRST, Some("key")).await);
        assert_eq!(first.code(), expected, "{code}");
        assert_eq!(first.provider().unwrap().code, Some(code.to_string()));
        world.providers.with(|state| state.mood = Mood::default());
        let again = buys(&world, "acme", FIRST, Some("key")).await.unwrap();
        assert!(again.replayed);
        assert_eq!(refusal(Ok(again)).code(), expected);
        // Another key is another purchase.
        let bought = buys(&world, "acme", FIRST, Some("other")).await.unwrap();
        assert!(matches!(bought.answer, Answer::Done(_)));
    }
}

/// The first account, by priority, whose provider offers this very number.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_it_is_looked_for() {
    let engine = Engine::start().await;
    let world = World::with(&engine, Twilio, &[SignalWire, Telnyx], Mood::default(), &[]).await;
    world.deposit("acme", 3 * price()).await;
    world.deposit("bolt", 3 * price()).await;
    let user = "ann".parse().unwrap();
    let mut wanted = request(FIRST, "platform");
    wanted.provider_account_id = None;
    // The tenant's own account comes first among equals, and costs nothing.
    let bought = world.process.buy.buy(&actor("acme"), &user, &wanted, None).await.unwrap();
    let Answer::Done(done) = bought.answer else { panic!() };
    assert_eq!((done.number.provider_account_id.as_str(), done.transaction.is_none()), ("own", true));
    // Nobody has it, and nothing was begun.
    let before = world.items().len();
    let bought = world.process.buy.buy(&actor("bolt"), &user, &wanted, None).await;
    assert_eq!(refusal(bought).code(), Code::NumberUnavailable);
    assert_eq!(world.items().len(), before);
    wanted.phone_number = SECOND.into();
    let bought = world.process.buy.buy(&actor("bolt"), &user, &wanted, None).await.unwrap();
    let Answer::Done(done) = bought.answer else { panic!() };
    assert_eq!((done.number.provider_account_id.as_str(), done.transaction.is_some()), ("platform", true));
    // The one that is named, though the others offer it as well.
    world.providers.with(|state| state.for_sale.insert("+14155550103".into()));
    wanted.phone_number = "+14155550103".into();
    wanted.provider = Some("telnyx".into());
    let bought = world.process.buy.buy(&actor("bolt"), &user, &wanted, None).await.unwrap();
    let Answer::Done(done) = bought.answer else { panic!() };
    assert_eq!(done.number.provider, "telnyx");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_under_way_and_its_webhook() {
    let world = world(Telnyx, Mood { pending: Duration::from_secs(30), ..Mood::default() }).await;
    let Answer::Pending(pending) = buys(&world, "acme", FIRST, Some("key")).await.unwrap().answer else {
        panic!()
    };
    assert_eq!((pending.state, pending.number_id), ("ordered", None));
    let own = refusal(buys(&world, "acme", FIRST, None).await);
    assert!(own.code() == Code::InProgress && own.detail().unwrap().contains(&pending.id), "{own:?}");
    assert_eq!(refusal(buys(&world, "bolt", FIRST, None).await).code(), Code::NumberUnavailable);
    let order = world.providers.with(|state| state.orders[0].clone());
    let report = OrderReport {
        event_id: None,
        order: order.id.parse().unwrap(),
        numbers: vec![(FIRST.parse().unwrap(), Some(true))],
        mark: Some(order.mark.clone()),
    };
    let notice = NoticeOrder { purchases: std::sync::Arc::new(world.store.clone()) };
    world.clock.reach(world.now().plus(Duration::from_secs(31)));
    let soon = world.now().plus(Duration::from_secs(40));
    // Not due yet, and another account's word counts for nothing.
    assert_eq!(world.process.reconcile.run(soon).await.purchases, 0);
    let told = notice.notice(&"own".parse().unwrap(), &report, world.now()).await.unwrap();
    assert_eq!(told, Noticed::Unrouted);
    let platform = "platform".parse().unwrap();
    let forged = OrderReport { mark: Some(format!("{}0", order.mark)), ..report.clone() };
    assert_eq!(notice.notice(&platform, &forged, world.now()).await.unwrap(), Noticed::Unrouted);
    assert_eq!(notice.notice(&platform, &report, world.now()).await.unwrap(), Noticed::Hastened);
    world.clock.reach(world.now().plus(Duration::from_secs(1)));
    assert_eq!(world.process.reconcile.run(soon).await.purchases, 1);
    let shown = world.process.buy.show(&tenant("acme"), &pending.id).await.unwrap();
    assert_eq!(shown.state, "done");
    assert_eq!(notice.notice(&platform, &report, world.now()).await.unwrap(), Noticed::Known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_told_once_and_again() {
    let world = world(SignalWire, Mood::default()).await;
    let Answer::Done(done) = buys(&world, "acme", FIRST, None).await.unwrap().answer else { panic!() };
    let id = done.number.id.as_str();
    let release = &world.process.release;
    let mut anybody = actor("acme");
    anybody.tenant_admin = false;
    assert_eq!(release.release(&anybody, id).await.unwrap_err().code(), Code::Forbidden);
    for foreign in [release.release(&actor("bolt"), id).await, release.release(&actor("acme"), "x").await] {
        assert_eq!(foreign.unwrap_err().code(), Code::NotFound);
    }
    let first = release.release(&actor("acme"), id).await.unwrap();
    let again = release.release(&actor("acme"), id).await.unwrap();
    assert_eq!((first.status.as_str(), &first), ("released", &again));
    assert!(world.providers.with(|state| !state.held.contains_key(&(SignalWire, FIRST.to_owned()))));
    // Bought again it is another number.
    let Answer::Done(anew) = buys(&world, "acme", FIRST, None).await.unwrap().answer else { panic!() };
    assert_ne!(anew.number.id, done.number.id);
}
