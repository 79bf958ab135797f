//! What the use-cases need from the outside: narrow traits, so that each function asks for exactly
//! what it uses and its permissions can match. `docs/data-model.md` has the keys behind them.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::address::Address;
use crate::domain::consent::{ConsentChange, ContactConsent};
use crate::domain::conversation::Conversation;
use crate::domain::ids::{AccountId, ConversationId, MessageId, ProviderSid, TemplateId, TenantId};
use crate::domain::message::{Attempt, AttemptRef, Lane, MediaCopy, Message, MessageView};
use crate::domain::money::Micros;
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::status::MessageStatus;
use crate::domain::template::Template;
use crate::domain::timestamp::Timestamp;
use crate::domain::wallet::{LedgerEntry, Wallet};
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind};
use crate::provider::{ProviderId, webhooks::WebhookKind};

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is throttled, or did not answer in time. Trying again may help; whether
    /// the write took effect is unknown, which is why every write can be repeated.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Too many writers at once, after several tries.
    #[error("too many writers at once")]
    Contended,
    /// What is stored cannot be read. Ours to mend.
    #[error("a stored item cannot be read: {0}")]
    Corrupt(String),
    /// A cursor that this list did not give out.
    #[error("not a cursor of this list")]
    BadCursor,
}

/// The clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness: ids and jitter.
pub trait Random: Send + Sync {
    /// 128 bits of a ULID: 48 of `now`, 80 random.
    fn ulid(&self, now: Timestamp) -> u128;

    /// A duration drawn evenly from zero up to `max` (full jitter).
    fn up_to(&self, max: Duration) -> Duration;
}

/// One page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; opaque to the caller. `None`: this was the last page.
    pub next: Option<String>,
}

/// What page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many, 1 to 100.
    pub limit: u32,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// Which numbers there are and whose they are.
#[async_trait]
pub trait Numbers: Send + Sync {
    /// First contact: the number `phone` as held through `account`. 1 read. Eventually consistent.
    async fn by_account(&self, account: &AccountId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError>;

    /// The tenant's own number `phone`. 1 read. Eventually consistent.
    async fn by_tenant(&self, tenant: &TenantId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError>;

    /// All numbers of a tenant. 1 query.
    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<PhoneNumber>, StoreError>;

    /// Writes a number and both ways to find it, in one transaction. False: another tenant, or
    /// another holding, has this number at this account, or this tenant has it at another account.
    async fn put(&self, number: &PhoneNumber) -> Result<bool, StoreError>;
}

/// Credentials.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// All accounts of a provider. No round trip while the cache (at most 5 minutes old) is warm.
    /// Accounts that are not configured are left out.
    async fn of_provider(&self, provider: ProviderId) -> Result<Vec<ProviderAccount>, StoreError>;

    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<ProviderAccount>, StoreError>;

    /// Forgets what is cached, because a signature did not verify and the keys may have been
    /// rotated. Does nothing when that was done within the last 10 seconds.
    async fn refresh(&self);
}

/// What became of recording an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is new, and stored.
    New,
    /// It was stored before: the same message, delivered again.
    Replay,
    /// Another message is stored under its id: this one is not what the provider sent.
    Mismatch,
}

/// A verified webhook that names nothing of ours. Kept 30 days for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrouted {
    /// The account that signed it.
    pub account: AccountId,
    /// Which URL it came to.
    pub kind: WebhookKind,
    /// The provider's id of what it is about, or the event's name.
    pub sid: String,
    /// Our side, as the provider spells it.
    pub own: Option<String>,
    /// Why it could not be routed: `unknown_number`, `unknown_message`, `foreign_message`,
    /// `id_mismatch`, `unrecognised_event`, `unknown_status`.
    pub reason: &'static str,
    /// When.
    pub at: Timestamp,
}

/// Receiving.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores an inbound message: one conditional write; with a consent change, one transaction of
    /// the message, the contact's consent and its history, so that a replay changes nothing. The
    /// message's `pending` mark is set when it has media.
    async fn record(
        &self,
        message: &Message,
        consent: Option<&ConsentChange>,
    ) -> Result<Recorded, StoreError>;

    /// Notes what could not be routed. One write; a repetition overwrites it.
    async fn record_unrouted(&self, unrouted: &Unrouted) -> Result<(), StoreError>;

    /// Records a consent change alone (a STOP to a number that can no longer be answered).
    async fn record_consent(&self, change: &ConsentChange) -> Result<(), StoreError>;
}

/// A report about an attempt, ready to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The account whose key verified the report. The attempt must be of this account.
    pub account: AccountId,
    /// Its provider.
    pub provider: ProviderId,
    /// The provider's id.
    pub sid: Option<ProviderSid>,
    /// The status.
    pub status: MessageStatus,
    /// The error code; owned by the status that wins.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// When the report came in.
    pub at: Timestamp,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was higher, and won.
    Applied,
    /// It was not higher: a repetition, or late.
    Stale,
    /// The attempt is of another account, or bound to another provider id. Nothing changed.
    Foreign,
}

/// Status reports.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Merges a report into its attempt: one conditional update (1 write unit). A report that beats
    /// our own write leaves a stub.
    async fn merge(&self, attempt: &AttemptRef, change: &StatusChange) -> Result<Merged, StoreError>;
}

/// A key of a client's write, bound to what it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyBinding {
    /// Hash of method, path and key; the tenant is in the item's key.
    pub key: String,
    /// Hash of the body.
    pub body: String,
    /// Kept until then.
    pub expires_at: Timestamp,
}

/// What a key is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Hash of the first body.
    pub body: String,
    /// What it started.
    pub message: MessageId,
}

/// A send that is about to be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The message.
    pub message: Message,
    /// Its first status: `Queued` or `Scheduled`.
    pub status: MessageStatus,
    /// When the sweeper looks after it, should nobody have.
    pub due: Timestamp,
    /// The client's key.
    pub idempotency: Option<IdempotencyBinding>,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is written, with its key and its hold.
    New,
    /// The key was bound before.
    Replay(Bound),
    /// A message with this id was accepted before (derived ids only).
    Exists,
    /// The recipient has opted out.
    OptedOut,
    /// The wallet cannot pay for it.
    InsufficientBalance,
}

/// Accepting sends.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// What a key is bound to. 1 consistent read. An expired binding is none.
    async fn bound(&self, tenant: &TenantId, key: &str, now: Timestamp) -> Result<Option<Bound>, StoreError>;

    /// Writes the message, its key, its hold with the ledger's entry, and checks the opt-out, in one
    /// transaction. The opt-out is not checked when the origin is exempt. No wallet is touched when
    /// the message has no price or a price of zero.
    async fn accept(&self, intent: &Intent) -> Result<Accepted, StoreError>;

    /// Withdraws a message of which no attempt has begun: status `canceled`, hold released, in one
    /// transaction. False: too late.
    async fn cancel(&self, tenant: &TenantId, id: MessageId, now: Timestamp) -> Result<bool, StoreError>;
}

/// Reading messages.
#[async_trait]
pub trait Messages: Send + Sync {
    /// One message with its attempts. 1 consistent query.
    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// A conversation's messages. 1 index query, 1 batch read.
    async fn of_conversation(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<MessageView>, StoreError>;

    /// All of a tenant's messages. 1 query a month touched, 1 batch read.
    async fn of_tenant(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<MessageView>, StoreError>;
}

/// How an attempt ended, as far as its caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The status: what the provider answered, `Failed`, or `Unknown`.
    pub status: MessageStatus,
    /// The provider's id.
    pub sid: Option<ProviderSid>,
    /// The code.
    pub error_code: Option<String>,
    /// The words.
    pub error_message: Option<String>,
    /// What went wrong.
    pub error_kind: Option<ErrorKind>,
    /// Whether it took effect.
    pub effect: Option<Effect>,
    /// Another attempt follows: the failure is not the message's.
    pub superseded: bool,
    /// When.
    pub at: Timestamp,
}

/// What the sending worker needs.
#[async_trait]
pub trait Dispatch: Send + Sync {
    /// The message with its attempts. 1 consistent query.
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// The contact's consent. 1 consistent read.
    async fn consent(
        &self,
        tenant: &TenantId,
        contact: &Address,
    ) -> Result<Option<ContactConsent>, StoreError>;

    /// Writes the attempt before the provider is called, moves the message to `sending`, and its
    /// `pending` mark to the end of the lease, in one transaction. False: somebody else has begun
    /// this attempt, or the message is settled.
    async fn begin(&self, tenant: &TenantId, id: MessageId, attempt: &Attempt) -> Result<bool, StoreError>;

    /// Writes how the attempt ended. A status report that came first is never overwritten by a
    /// lower status; the provider's id is always kept.
    async fn end(&self, attempt: &AttemptRef, end: &AttemptEnd) -> Result<(), StoreError>;

    /// Counts one more vain question to the provider about a lost answer, and returns the count.
    async fn asked(&self, attempt: &AttemptRef) -> Result<u32, StoreError>;

    /// When somebody is to look after the message again; `None`: nobody needs to.
    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Fails a message that has no attempt under way (expired, opted out, no account): status,
    /// code and hold, in one transaction. Nothing happens when it is settled.
    async fn fail(
        &self,
        tenant: &TenantId,
        id: MessageId,
        code: &str,
        words: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Who blocks the lane at `now`. 1 consistent read.
    async fn lane(&self, lane: &Lane, now: Timestamp) -> Result<Option<AttemptRef>, StoreError>;

    /// Blocks the lane until `until` because this attempt's answer was lost.
    async fn block_lane(&self, lane: &Lane, by: &AttemptRef, until: Timestamp) -> Result<(), StoreError>;

    /// Opens the lane, if this attempt is what blocks it.
    async fn open_lane(&self, lane: &Lane, by: &AttemptRef) -> Result<(), StoreError>;

    /// Claims a message found at the provider for this attempt. False: another attempt has it.
    async fn claim(
        &self,
        account: &AccountId,
        sid: &ProviderSid,
        by: &AttemptRef,
    ) -> Result<bool, StoreError>;
}

/// What the projector needs.
#[async_trait]
pub trait Projection: Send + Sync {
    /// The message with its attempts. 1 consistent query.
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// Adds the message to its conversation's summary and to the tenant's log, exactly once. False:
    /// it was done before.
    async fn project(&self, message: &Message) -> Result<bool, StoreError>;

    /// Takes over an attempt's state into the message, if it is higher, and moves the money to what
    /// the new status asks for, in one transaction. Returns the status that the message had before,
    /// or `None` when nothing changed.
    async fn fold(
        &self,
        attempt: &AttemptRef,
        state: &Attempt,
        now: Timestamp,
    ) -> Result<Option<MessageStatus>, StoreError>;

    /// Marks an attempt as superseded, so that its failure is not the message's; false when it is
    /// folded already or not failed.
    async fn supersede(&self, attempt: &AttemptRef) -> Result<bool, StoreError>;

    /// When somebody is to look after the message again.
    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Takes the right to answer this conversation automatically, at most once a `window` and
    /// conversation, so that two machines do not talk to each other for ever.
    async fn may_auto_answer(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        now: Timestamp,
        window: Duration,
    ) -> Result<bool, StoreError>;
}

/// Which kind of work waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingKind {
    /// An outbound message that is not settled.
    Send,
    /// An inbound message whose media are not all copied.
    Media,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMessage {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: MessageId,
    /// Since when it should have been looked after.
    pub due: Timestamp,
}

/// The net under the stream.
#[async_trait]
pub trait Pending: Send + Sync {
    /// Messages due before `now`, oldest first, at most `limit` of each shard.
    async fn due(
        &self,
        kind: PendingKind,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PendingMessage>, StoreError>;

    /// Moves the mark from `message.due` to `next`, so that it is handed out once. False: somebody
    /// else moved or cleared it.
    async fn postpone(
        &self,
        kind: PendingKind,
        message: &PendingMessage,
        next: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// Copies of media.
#[async_trait]
pub trait MediaRecords: Send + Sync {
    /// The message. 1 consistent query.
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// Writes what became of one attachment; the first final state stays. The `pending` mark is
    /// cleared when all of them are final.
    async fn set_copy(
        &self,
        tenant: &TenantId,
        id: MessageId,
        index: u32,
        copy: &MediaCopy,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// When somebody is to look after the message again.
    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;
}

/// Conversations.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// A tenant's conversations, the one with the newest message first. 1 index query, 1 batch read.
    async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Conversation>, StoreError>;

    /// One conversation. 1 consistent read.
    async fn get(&self, tenant: &TenantId, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// Nothing in it is unread any more. False: there is no such conversation.
    async fn mark_read(&self, tenant: &TenantId, id: ConversationId) -> Result<bool, StoreError>;
}

/// What became of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deposited {
    /// It was added.
    New(LedgerEntry),
    /// This reference was deposited before, with this entry.
    Replay(LedgerEntry),
}

/// Wallets.
#[async_trait]
pub trait Wallets: Send + Sync {
    /// The tenant's wallet; an empty one when there is none. 1 consistent read.
    async fn wallet(&self, tenant: &TenantId) -> Result<Wallet, StoreError>;

    /// The ledger. 1 query.
    async fn entries(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<LedgerEntry>, StoreError>;

    /// Adds money, once per reference, in one transaction.
    async fn deposit(
        &self,
        tenant: &TenantId,
        amount: Micros,
        reference: &str,
        now: Timestamp,
    ) -> Result<Deposited, StoreError>;
}

/// Templates.
#[async_trait]
pub trait Templates: Send + Sync {
    /// One template. 1 consistent read.
    async fn get(&self, tenant: &TenantId, id: &TemplateId) -> Result<Option<Template>, StoreError>;

    /// All, by page.
    async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Template>, StoreError>;

    /// Writes one; with `create`, only if there is none of this id (false: there is one).
    async fn put(&self, tenant: &TenantId, template: &Template, create: bool) -> Result<bool, StoreError>;

    /// Removes one. False: there was none.
    async fn delete(&self, tenant: &TenantId, id: &TemplateId) -> Result<bool, StoreError>;
}

/// Opt-outs, as users see and set them.
#[async_trait]
pub trait Consents: Send + Sync {
    /// What a contact allows. 1 consistent read.
    async fn consent(
        &self,
        tenant: &TenantId,
        contact: &Address,
    ) -> Result<Option<ContactConsent>, StoreError>;

    /// Contacts that are blocked, by page. 1 query a page.
    async fn blocked(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
    ) -> Result<Page<ContactConsent>, StoreError>;

    /// Changes it, with its history, in one transaction.
    async fn change(&self, change: &ConsentChange) -> Result<(), StoreError>;
}

/// Machine clients: which tenant a client id speaks for.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The tenant of a client. 1 read.
    async fn tenant_of(&self, client: &str) -> Result<Option<TenantId>, StoreError>;

    /// Binds a client to a tenant, or unbinds it.
    async fn bind(&self, client: &str, tenant: Option<&TenantId>) -> Result<(), StoreError>;
}

/// Work for a queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "job", rename_all = "camelCase")]
pub enum Job {
    /// Look after an outbound message.
    Send {
        /// Whose.
        tenant: TenantId,
        /// Which.
        message: MessageId,
    },
    /// Copy one attachment of an inbound message.
    CopyMedia {
        /// Whose.
        tenant: TenantId,
        /// Which.
        message: MessageId,
        /// Which attachment, from 0.
        index: u32,
    },
}

/// The queues.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Enqueues a job, not to be handed out before `delay` (at most 15 minutes; longer is cut).
    async fn enqueue(&self, job: &Job, delay: Duration) -> Result<(), StoreError>;
}

/// Where media are kept.
#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Copies a stream into an object, part by part. Repeating it overwrites the same bytes. Nothing
    /// is visible under the key before the stream has ended well. Returns the size in bytes.
    async fn put(&self, key: &str, content_type: &str, stream: ByteStream) -> Result<u64, PutError>;
}

/// Links to media.
#[async_trait]
pub trait MediaLinks: Send + Sync {
    /// A link that reads one object for 5 minutes. No round trip.
    async fn link(&self, key: &str) -> Result<String, StoreError>;
}

/// Bytes that arrive over time.
pub type ByteStream = std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, StreamBroken>> + Send>>;

/// The source of a stream gave up (it broke, or grew beyond its limit).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream broke: {0}")]
pub struct StreamBroken(pub String);

/// Why a copy failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// The source gave up; nothing was stored.
    #[error(transparent)]
    Source(#[from] StreamBroken),
    /// The store failed; nothing is visible.
    #[error(transparent)]
    Store(#[from] StoreError),
}
