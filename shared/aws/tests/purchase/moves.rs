//! Moves of numbers, cut at every request: whatever dies, the number ends with one holder, and every text
//! that came to it is told once.

use std::time::Duration;

use serde_json::Value;
use telephony::api::numbers::moving::MoveRequest;
use telephony::app::numbers::purchase::Answer;
use telephony::app::problem::{Code, Problem};
use telephony::app::receive_message::Received;
use telephony::domain::account::{AccountRecord, Owner};
use telephony::domain::address::Address;
use telephony::domain::ids::{AccountId, MessageId, NumberId, TenantId};
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::secret::Secret;
use telephony::ports::{AccountBook, Consents, Inventory, Messages, Numbers};
use telephony::provider::ProviderId::{self, SignalWire, Telnyx, Twilio};
use telephony::provider::webhooks::InboundText;

use crate::fuse::{Cut, Fuse};
use crate::law;
use crate::market::Mood;
use crate::scenario::cuts;
use crate::support::samples::{CONTACT, page, tenant};
use crate::world::{BASE, Engine, FIRST, Process, World, identity, price};

const STOPPER: &str = "+14155550124";
const MINUTE: Duration = Duration::from_secs(60);

/// Where the number goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// To bolt; otherwise it stays acme's.
    to_bolt: bool,
    /// Into the account of its new holder below the platform's.
    below: bool,
    /// The provider does not do it.
    refused: bool,
}

struct Text {
    sid: &'static str,
    from: &'static str,
    body: &'static str,
}

/// Told to acme by a process that remembers it, and delivered again when nobody remembers any more.
const EARLY: Text = Text { sid: "early", from: CONTACT, body: "on my way" };
const PARKED: Text = Text { sid: "parked", from: CONTACT, body: "are you there?" };
const STOP: Text = Text { sid: "stop", from: STOPPER, body: "STOP" };
/// When the number has arrived.
const LATE: Text = Text { sid: "late", from: CONTACT, body: "hello again" };

fn message_of(account: &str, text: &Text) -> MessageId {
    MessageId::derived(&["inbound", account, text.sid])
}

fn below(provider: ProviderId, owner: &str) -> AccountRecord {
    let sample = telephony_testkit::webhooks::SAMPLES.iter().find(|sample| sample.provider == provider);
    let id = format!("{owner}-below").parse().unwrap();
    let mut record = AccountRecord::new(id, provider, Owner::Tenant(tenant(owner)));
    for (name, value) in sample.unwrap().account().config.iter() {
        record.own.set(name, value.clone());
    }
    let (setting, shown) = identity(provider, &format!("{owner}-below"));
    record.own.set(setting, Secret::new(shown));
    record.parent = Some("platform".parse().unwrap());
    record
}

impl Way {
    fn holder(self) -> TenantId {
        tenant(if self.to_bolt && !self.refused { "bolt" } else { "acme" })
    }

    fn account(self) -> String {
        match (self.below, self.to_bolt) {
            (false, _) => "platform".to_owned(),
            (true, true) => "bolt-below".to_owned(),
            (true, false) => "acme-below".to_owned(),
        }
    }

    fn request(self) -> MoveRequest {
        MoveRequest {
            tenant_id: self.to_bolt.then(|| "bolt".to_owned()),
            provider_account_id: self.below.then(|| self.account()),
            user_id: Some("ben".to_owned()),
            business_id: None,
        }
    }

    fn mood(self) -> Mood {
        Mood { refuses_moves: self.refused, ..Mood::default() }
    }
}

/// A webhook, delivered until it is answered.
async fn delivered(world: &World, process: &Process, account: &AccountId, text: &Text) -> Received {
    for _ in 0..9 {
        let inbound = InboundText {
            sid: text.sid.parse().unwrap(),
            from: Address::parse(text.from),
            to: Address::parse(FIRST),
            body: text.body.to_owned(),
            segments: None,
            media: Vec::new(),
            answered_by_provider: false,
        };
        let receive = process.receive.receive(world.provider, account, inbound, world.now());
        if let Some(Ok(received)) = world.fuse.process(receive).await {
            return received;
        }
    }
    panic!("a webhook was given up");
}

/// The operator asks, and asks again until there is an answer.
async fn asked(world: &World, id: NumberId, request: &MoveRequest) -> Result<PhoneNumber, Problem> {
    for _ in 0..9 {
        let (caller, acme) = (tenant("operator"), tenant("acme"));
        let asked = world.process.mover.begin(&caller, &acme, id, request, Some("key"));
        match world.fuse.process(asked).await {
            Some(Ok(moving)) => return Ok(moving.number),
            Some(Err(problem)) if problem.code() != Code::Internal => return Err(problem),
            Some(Err(_)) | None => world.clock.reach(world.now().plus(Duration::from_secs(1))),
        }
    }
    panic!("the operator gave up");
}

fn is_moving(world: &World) -> bool {
    let moving = |item: &Value| {
        item["ent"]["S"] == "inv" && item["doc"]["S"].as_str().is_some_and(|doc| doc.contains("\"moving\":{"))
    };
    world.items().values().any(moving)
}

async fn bought(world: &World) -> PhoneNumber {
    let plain = world.another(Fuse::new(&[]), None);
    let bought = plain.buy(&tenant("acme"), FIRST, "platform", None).await.unwrap();
    assert!(matches!(bought.answer, Answer::Done(_)), "{bought:?}");
    let numbers = world.store.numbers(&tenant("acme"), &page(10, None)).await.unwrap().items;
    numbers.into_iter().next().unwrap()
}

/// Plays a move. What is broken, in words.
async fn play(world: &World, way: Way) -> Vec<String> {
    world.deposit("acme", 10 * price()).await;
    for owner in ["acme", "bolt"] {
        if world.provider != Telnyx {
            let record = below(world.provider, owner);
            let shown = identity(world.provider, record.id.as_str()).1;
            world.providers.with(|state| state.accounts.insert(shown, record.id.to_string()));
            world.book().add(&tenant(owner), &record, None, world.now()).await.unwrap();
        }
    }
    let number = bought(world).await;
    let old: AccountId = "platform".parse().unwrap();
    // Remembers the holder from before the move; it is none of those that die.
    let memory = world.another(Fuse::new(&[]), None);
    delivered(world, &memory, &old, &Text { sid: "before", ..EARLY }).await;

    let began = world.now();
    let asked = asked(world, number.id, &way.request()).await.unwrap();
    assert_eq!(asked.status, NumberStatus::Moving);
    world.clock.reach(began.plus(Duration::from_secs(30)));
    assert!(matches!(delivered(world, &memory, &old, &EARLY).await, Received::New(_)));
    for text in [&PARKED, &STOP, &PARKED] {
        let received = delivered(world, &world.process, &old, text).await;
        assert!(matches!(received, Received::Parked(_)), "{received:?}");
    }
    world.clock.reach(began.plus(Duration::from_secs(95)));
    assert!(matches!(delivered(world, &memory, &old, &EARLY).await, Received::Parked(_)));

    let mut broken = Vec::new();
    let end = world.now().plus(Duration::from_secs(3 * 3600));
    while is_moving(world) && world.now() < end {
        world.clock.reach(world.now().plus(MINUTE));
        let _ = world.fuse.process(world.process.moves.run_due(world.now(), 50)).await;
        let had = world.store.by_tenant(&tenant("bolt"), &number.phone).await.unwrap();
        if had.is_some() && world.now().since(began) < Duration::from_secs(300) {
            broken.push("bolt has it while somebody may remember acme".to_owned());
        }
    }
    let there: AccountId = if way.refused { old.clone() } else { way.account().parse().unwrap() };
    let late = delivered(world, &world.process, &there, &LATE).await;
    if !matches!(late, Received::New(_) | Received::Replay(_)) {
        broken.push(format!("a late text is {late:?}"));
    }
    // Providers repeat what was answered long ago.
    delivered(world, &world.process, &there, &LATE).await;
    // And whoever compares finds nothing amiss.
    world.clock.reach(world.now().plus(Duration::from_secs(3700)));
    let plain = world.another(Fuse::new(&[]), None);
    let report = plain.reconcile.run(world.now().plus(MINUTE)).await;
    if report.failures + report.swept.orphans + report.swept.missing + report.swept.unknown > 0 {
        broken.push(format!("{report:?}"));
    }
    broken.extend(at_rest(world, way, &number, &there).await);
    broken
}

async fn at_rest(world: &World, way: Way, before: &PhoneNumber, there: &AccountId) -> Vec<String> {
    let mut broken = world.broken.lock().unwrap().clone();
    let items = world.items();
    law::money(&items, &mut broken);
    let mut held = Vec::new();
    let mut left = Vec::new();
    for name in ["acme", "bolt"] {
        for number in world.store.numbers(&tenant(name), &page(10, None)).await.unwrap().items {
            if number.status == NumberStatus::Released { left.push(number) } else { held.push(number) }
        }
    }
    let [now] = held.as_slice() else { return vec![format!("{} have it", held.len())] };
    let moved = way.to_bolt && !way.refused;
    if (now.status, &now.tenant, &now.account) != (NumberStatus::Active, &way.holder(), there) {
        broken.push(format!("{now:?}"));
    }
    if (now.id == before.id) == moved || left.len() != usize::from(moved) {
        broken.push(format!("{} records stay, and the id is {}", left.len(), now.id));
    }
    if way.refused == now.holding.move_refused.is_none() {
        broken.push(format!("refused: {:?}", now.holding.move_refused));
    }
    // The month is paid, and the next begins where it ends.
    let paid_until = |number: &PhoneNumber| number.holding.rent.as_ref().map(|rent| rent.paid_until());
    if paid_until(now) != paid_until(before) || now.holding.due != paid_until(before) {
        broken.push(format!("paid until {:?}, due {:?}", paid_until(now), now.holding.due));
    }
    let months = items.values().filter(|item| item["ent"]["S"] == "rent").count();
    let leftovers = items.values().filter(|i| i["ent"]["S"] == "park" || i["ent"]["S"] == "coming").count();
    if months + leftovers > 0 {
        broken.push(format!("{months} months charged, {leftovers} things left over"));
    }
    // It is found where it is, and nowhere else.
    for account in ["platform", "acme-below", "bolt-below"] {
        let account: AccountId = account.parse().unwrap();
        let route = world.store.by_account(&account, &before.phone).await.unwrap();
        if route.as_ref() != (account == *there).then_some(now) {
            broken.push(format!("through {account}: {route:?}"));
        }
    }
    for name in ["acme", "bolt"] {
        let own = world.store.by_tenant(&tenant(name), &before.phone).await.unwrap();
        if own.as_ref() != (tenant(name) == now.tenant).then_some(now) {
            broken.push(format!("{name} finds {own:?}"));
        }
    }
    broken.extend(provider(world, way, now).await);
    broken.extend(texts(world, way, there).await);
    broken
}

/// The provider has it where our record says, marked and pointing at us.
async fn provider(world: &World, way: Way, now: &PhoneNumber) -> Option<String> {
    let held = world.providers.with(|state| state.held.get(&(world.provider, FIRST.to_owned())).cloned());
    let held = held.unwrap();
    let account = match (way.below && !way.refused, way.to_bolt) {
        (false, _) => "",
        (true, to_bolt) => {
            if to_bolt {
                "bolt-below"
            } else {
                "acme-below"
            }
        }
    };
    let ours = Some(&held.mark) == now.holding.mark.as_ref()
        && (world.provider == Telnyx || held.voice.starts_with(BASE))
        && now.sid.as_ref().map(|sid| sid.as_str()) == Some(held.sid.as_str());
    (held.account != account || !ours).then(|| format!("at the provider: {held:?}"))
}

/// Every text is one message of one tenant; a STOP is heard by both.
async fn texts(world: &World, way: Way, there: &AccountId) -> Vec<String> {
    let mut broken = Vec::new();
    let holder = way.holder();
    for (text, account, owner) in [
        (&EARLY, "platform", tenant("acme")),
        (&PARKED, "platform", holder.clone()),
        (&STOP, "platform", holder.clone()),
        (&LATE, there.as_str(), holder.clone()),
    ] {
        for name in ["acme", "bolt"] {
            let told = world.store.message(&tenant(name), message_of(account, text)).await.unwrap();
            if told.is_some() != (tenant(name) == owner) {
                broken.push(format!("{} is with {name}: {}", text.sid, told.is_some()));
            }
        }
    }
    for name in ["acme", "bolt"] {
        let consent = world.store.consent(&tenant(name), &Address::parse(STOPPER)).await.unwrap();
        let blocked = consent.is_some_and(|consent| consent.is_blocked());
        if blocked != (name == "acme" || holder == tenant(name)) {
            broken.push(format!("{STOPPER} is blocked with {name}: {blocked}"));
        }
    }
    broken
}

/// Once whole, and then once for every place where it can be cut.
async fn enumerate(name: &str, provider: ProviderId, way: Way, every: usize) {
    let engine = Engine::start().await;
    let world = World::new(&engine, provider, way.mood(), &[]).await;
    let broken = play(&world, way).await;
    let calls = world.fuse.calls();
    assert!(broken.is_empty(), "{name} at {provider}, undisturbed: {broken:#?}\n{calls:?}");
    drop(world);
    let mut failures = Vec::new();
    let all: Vec<Cut> = cuts(calls.len(), every);
    for cut in &all {
        let world = World::new(&engine, provider, way.mood(), &[*cut]).await;
        let broken = play(&world, way).await;
        assert_eq!(world.fuse.met(), 1, "{name} at {provider}: {cut:?} was never reached");
        if !broken.is_empty() {
            failures.push(format!("{cut:?} at {}: {broken:#?}\n{:?}", calls[cut.call], world.fuse.calls()));
        }
    }
    assert!(failures.is_empty(), "{name} at {provider}:\n{}", failures.join("\n"));
    println!("{name} at {provider}: {} calls, {} crash points", calls.len(), all.len());
}

const PLAIN: Way = Way { to_bolt: true, below: false, refused: false };

#[tokio::test(flavor = "multi_thread")]
async fn a_number_goes_to_another_tenant() {
    enumerate("to a tenant", Twilio, PLAIN, 2).await;
    for provider in [SignalWire, Telnyx] {
        enumerate("to a tenant", provider, PLAIN, 9).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_goes_to_another_account() {
    for provider in [Twilio, SignalWire] {
        let way = Way { below: true, ..PLAIN };
        enumerate("to a tenant's account", provider, way, if provider == Twilio { 3 } else { 9 }).await;
        enumerate("to another account", provider, Way { to_bolt: false, ..way }, 9).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_its_provider_does_not_move() {
    for provider in [Twilio, SignalWire] {
        let way = Way { below: true, refused: true, ..PLAIN };
        enumerate("refused", provider, way, 9).await;
    }
}
