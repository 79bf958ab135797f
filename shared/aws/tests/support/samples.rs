//! Messages, numbers and attempts to test with.

use std::time::Duration;

use telephony::domain::address::Address;
use telephony::domain::consent::{Block, ConsentChange, Evidence};
use telephony::domain::conversation::conversation_id;
use telephony::domain::ids::{MessageId, NumberId, TenantId};
use telephony::domain::message::{Attempt, AttemptRef, Bill, Direction, MediaRef, Message, Origin, Purpose};
use telephony::domain::money::Micros;
use telephony::domain::number::{Holding, NumberStatus, PhoneNumber};
use telephony::domain::segments::Encoding;
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{IdempotencyBinding, Intent, PageRequest, StatusChange};
use telephony::provider::ProviderId;

pub const OWN: &str = "+14155550100";
pub const CONTACT: &str = "+14155550123";

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_763_700_000_000 + seconds * 1000)
}

pub fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub fn id(n: u64) -> MessageId {
    MessageId::derived(&["test", &n.to_string()])
}

fn message(tenant: &TenantId, id: MessageId, direction: Direction, at: Timestamp) -> Message {
    let (own, contact) = (Address::parse(OWN), Address::parse(CONTACT));
    let (from, to) = match direction {
        Direction::Inbound => (contact.clone(), own),
        Direction::Outbound => (own, contact.clone()),
    };
    Message {
        id,
        tenant: tenant.clone(),
        conversation: conversation_id(tenant, &[&contact]),
        direction,
        provider: ProviderId::SignalWire,
        account: "platform-signalwire".parse().unwrap(),
        own_account: false,
        number: NumberId::derived(&["number"]),
        from,
        to,
        body: "Hello".into(),
        media: Vec::new(),
        segments: 1,
        encoding: Encoding::Gsm7,
        price: None,
        purpose: Purpose::default(),
        origin: Origin::default(),
        intent: None,
        answered_by_provider: false,
        user: None,
        lead: None,
        agent: None,
        auto_answer: None,
        inbound_sid: None,
        found_at: None,
        send_at: None,
        send_before: None,
        route: None,
        created_at: at,
    }
}

pub fn inbound(tenant: &TenantId, n: u64, at: Timestamp) -> Message {
    let sid = format!("0b2f7d70-5a42-4a3d-9d3d-{n:012}");
    Message { inbound_sid: sid.parse().ok(), ..message(tenant, id(n), Direction::Inbound, at) }
}

pub fn outbound(tenant: &TenantId, n: u64, at: Timestamp) -> Message {
    message(tenant, id(n), Direction::Outbound, at)
}

pub fn with_media(message: Message, count: usize) -> Message {
    let media = (0..count).map(|i| MediaRef { url: format!("https://example.com/{i}"), content_type: None });
    Message { media: media.collect(), ..message }
}

pub fn priced(message: Message, micros: i64) -> Message {
    Message { price: Some(Micros::new(micros)), ..message }
}

pub fn intent(message: Message) -> Intent {
    let due = message.created_at.plus(Duration::from_secs(60));
    Intent { message, status: MessageStatus::Queued, due, idempotency: None, decision: None }
}

pub fn keyed(intent: Intent, key: &str, body: &str) -> Intent {
    let expires_at = intent.message.created_at.plus(Duration::from_secs(86_400));
    let binding = IdempotencyBinding { key: key.into(), body: body.into(), expires_at };
    Intent { idempotency: Some(binding), ..intent }
}

pub fn attempt_ref(message: &Message, n: u32) -> AttemptRef {
    AttemptRef { tenant: message.tenant.clone(), message: message.id, n }
}

pub fn attempt(message: &Message, n: u32, at: Timestamp) -> Attempt {
    Attempt {
        n,
        provider: message.provider,
        account: message.account.clone(),
        from: Some(message.from.clone()),
        sid: None,
        status: MessageStatus::Sending,
        error_code: None,
        error_message: None,
        error_kind: None,
        effect: None,
        superseded: false,
        started_at: Some(at),
        lease_until: Some(at.plus(Duration::from_secs(30))),
        delivered_at: None,
        asked: 0,
        bill: Bill::default(),
    }
}

pub fn report(message: &Message, status: MessageStatus, at: Timestamp) -> StatusChange {
    let code =
        (status == MessageStatus::Failed || status == MessageStatus::Undelivered).then(|| "30005".to_owned());
    StatusChange {
        account: message.account.clone(),
        provider: message.provider,
        sid: "SM0123456789".parse().ok(),
        status,
        error_message: code.clone().map(|_| "Unknown destination handset".to_owned()),
        error_code: code,
        bill: Bill::default(),
        at,
    }
}

pub fn change(tenant: &TenantId, block: Block, blocked: bool, at: Timestamp) -> ConsentChange {
    let evidence = Evidence::Text { message: id(u64::try_from(at.millis()).unwrap()), free_text: false };
    ConsentChange { tenant: tenant.clone(), contact: Address::parse(CONTACT), block, blocked, evidence, at }
}

pub fn number(tenant: &TenantId, account: &str, phone: &str) -> PhoneNumber {
    PhoneNumber {
        id: NumberId::derived(&[tenant.as_str(), account, phone]),
        tenant: tenant.clone(),
        phone: phone.parse().unwrap(),
        provider: ProviderId::Twilio,
        account: account.parse().unwrap(),
        own_account: false,
        user: None,
        agent: None,
        auto_answer: None,
        routes: Vec::new(),
        display_name: "Main".into(),
        is_active: true,
        is_primary: true,
        voice: true,
        sid: None,
        voice_via: None,
        sms: true,
        mms: true,
        status: NumberStatus::Active,
        holding: Holding::default(),
        version: 0,
        created_at: at(0),
    }
}

pub fn page(limit: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { limit, cursor }
}
