//! The ports, with the fuse around every call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::address::Address;
use telephony::domain::consent::{ConsentChange, ContactConsent};
use telephony::domain::ids::{AccountId, ConversationId, MessageId, ProviderSid, TenantId};
use telephony::domain::message::{Attempt, AttemptRef, Lane, Message, MessageView};
use telephony::domain::number::PhoneNumber;
use telephony::domain::phone::E164;
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::*;
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony_aws::Store;

use crate::fuse::Fuse;
use crate::provider::Provider;
use crate::queue::MemoryQueue;

/// What is cut: store, queue or provider.
pub struct Cutting<P> {
    pub inner: P,
    pub fuse: Arc<Fuse>,
}

type Answer<T> = Result<T, StoreError>;

/// A port's methods, each sent through the fuse under its name.
macro_rules! cutting {
    ($port:ident { $($label:literal fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)* }) => {
        #[async_trait]
        impl $port for Cutting<Store> {
            $(async fn $name(&self, $($arg: $kind),*) -> Answer<$out> {
                self.fuse.call($label, $port::$name(&self.inner, $($arg),*)).await
            })*
        }
    };
}

cutting! { Dispatch {
    "dispatch.load" fn load(tenant: &TenantId, id: MessageId) -> Option<MessageView>;
    "dispatch.consent" fn consent(tenant: &TenantId, contact: &Address) -> Option<ContactConsent>;
    "dispatch.begin" fn begin(tenant: &TenantId, id: MessageId, attempt: &Attempt, gate: Option<&Address>) -> bool;
    "dispatch.end" fn end(attempt: &AttemptRef, end: &AttemptEnd) -> ();
    "dispatch.asked" fn asked(attempt: &AttemptRef) -> u32;
    "dispatch.set_due" fn set_due(tenant: &TenantId, id: MessageId, due: Option<Timestamp>) -> ();
    "dispatch.fail" fn fail(tenant: &TenantId, id: MessageId, code: &str, words: &str, now: Timestamp) -> ();
    "dispatch.lane" fn lane(lane: &Lane, now: Timestamp) -> Option<AttemptRef>;
    "dispatch.block_lane" fn block_lane(lane: &Lane, by: &AttemptRef, until: Timestamp) -> ();
    "dispatch.open_lane" fn open_lane(lane: &Lane, by: &AttemptRef) -> ();
    "dispatch.claim" fn claim(account: &AccountId, sid: &ProviderSid, by: &AttemptRef) -> bool;
} }

cutting! { Outbox {
    "outbox.bound" fn bound(tenant: &TenantId, key: &str, now: Timestamp) -> Option<Bound>;
    "outbox.accept" fn accept(intent: &Intent) -> Accepted;
    "outbox.cancel" fn cancel(tenant: &TenantId, id: MessageId, now: Timestamp) -> bool;
} }

cutting! { Reports {
    "reports.merge" fn merge(attempt: &AttemptRef, change: &StatusChange) -> Merged;
} }

cutting! { Inbox {
    "inbox.record" fn record(message: &Message, consent: Option<&ConsentChange>) -> Recorded;
    "inbox.park" fn park(parked: &ParkedText, message: &Message, consent: Option<&ConsentChange>) -> Recorded;
    "inbox.unrouted" fn record_unrouted(unrouted: &Unrouted) -> ();
    "inbox.consent" fn record_consent(change: &ConsentChange) -> ();
} }

cutting! { Watermarks {
    "watermarks.all" fn watermarks() -> Vec<Watermark>;
    "watermarks.set" fn set_watermark(mark: &Watermark, now: Timestamp) -> bool;
} }

cutting! { Numbers {
    "numbers.by_account" fn by_account(account: &AccountId, phone: &E164) -> Option<PhoneNumber>;
    "numbers.by_tenant" fn by_tenant(tenant: &TenantId, phone: &E164) -> Option<PhoneNumber>;
    "numbers.of_tenant" fn of_tenant(tenant: &TenantId) -> Vec<PhoneNumber>;
    "numbers.put" fn put(number: &PhoneNumber) -> bool;
} }

cutting! { Messages {
    "messages.message" fn message(tenant: &TenantId, id: MessageId) -> Option<MessageView>;
    "messages.of_conversation" fn of_conversation(
        tenant: &TenantId, conversation: ConversationId, page: &PageRequest) -> Page<MessageView>;
    "messages.of_tenant" fn of_tenant(tenant: &TenantId, page: &PageRequest, now: Timestamp) -> Page<MessageView>;
} }

cutting! { Pending {
    "pending.due" fn due(kind: PendingKind, now: Timestamp, limit: u32) -> Vec<PendingMessage>;
    "pending.postpone" fn postpone(kind: PendingKind, message: &PendingMessage, next: Timestamp) -> bool;
} }

cutting! { Projection {
    "projection.load" fn load(tenant: &TenantId, id: MessageId) -> Option<MessageView>;
    "projection.project" fn project(message: &Message) -> bool;
    "projection.fold" fn fold(attempt: &AttemptRef, state: &Attempt, now: Timestamp) -> Option<MessageStatus>;
    "projection.supersede" fn supersede(attempt: &AttemptRef) -> bool;
    "projection.set_due" fn set_due(tenant: &TenantId, id: MessageId, due: Option<Timestamp>) -> ();
    "projection.may_auto_answer" fn may_auto_answer(
        tenant: &TenantId, conversation: ConversationId, now: Timestamp, window: Duration) -> bool;
} }

#[async_trait]
impl Queue for Cutting<Arc<MemoryQueue>> {
    async fn enqueue(&self, job: &Job, delay: Duration) -> Answer<()> {
        self.fuse.call("queue.enqueue", self.inner.enqueue(job, delay)).await
    }
}

#[async_trait]
impl HttpTransport for Cutting<Arc<Provider>> {
    async fn execute(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> Result<http::Response<bytes::Bytes>, TransportError> {
        let name = if request.method() == http::Method::POST { "http.post" } else { "http.get" };
        self.fuse.call(name, self.inner.execute(request)).await
    }
}
