//! Every key of the table is built here, and nowhere else. `docs/data-model.md` lists them.
//!
//! `#` separates the parts of a key. Identifiers cannot hold it by their types; free text (a contact's
//! address, a payer's reference, a client's key) goes through [`encoded`], so that no input can shift a
//! boundary and reach into another tenant's keys.

mod events;
mod numbers;

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use telephony::domain::account::Owner;
use telephony::domain::address::Address;
use telephony::domain::call::CallRef;
use telephony::domain::ids::{
    AccountId, CallId, ConversationId, EntryId, MessageId, ProviderSid, TemplateId, TenantId, UserId,
};
use telephony::domain::message::{AttemptRef, Lane};
use telephony::domain::passport::OrigId;
use telephony::domain::recording::RecordingId;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::UsageLine;
use telephony::domain::wallet::Subject;
use telephony::ports::PendingKind;
use telephony::provider::ProviderId;

pub use events::*;
pub use numbers::*;

/// The partition key's attribute.
pub const PK: &str = "PK";
/// The sort key's attribute.
pub const SK: &str = "SK";
/// The index of what is listed by time: messages of a conversation, conversations, blocked contacts.
pub const TIMELINE: &str = "timeline";
/// The index of what waits for somebody.
pub const PENDING: &str = "pending";
/// `timeline`'s partition key.
pub const GSI1PK: &str = "GSI1PK";
/// `timeline`'s sort key.
pub const GSI1SK: &str = "GSI1SK";
/// `pending`'s partition key.
pub const GSI2PK: &str = "GSI2PK";
/// `pending`'s sort key.
pub const GSI2SK: &str = "GSI2SK";
/// The attribute of the time to live, in seconds since the epoch.
pub const TTL: &str = "expires_at";

/// `pending` is spread over this many partitions, so that no single one takes all sends.
pub const SHARDS: u32 = 4;

/// Longer encoded texts are replaced by their hash: a sort key has at most 1 024 bytes.
const LONGEST: usize = 200;

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'+').remove(b'@').remove(b'-');

/// The primary key of one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Sort.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// Free text as a part of a key. Injective: a hashed text starts with `:`, which no other does.
pub fn encoded(text: &str) -> String {
    let short = utf8_percent_encode(text, ENCODED).to_string();
    if (1..=LONGEST).contains(&short.len()) {
        return short;
    }
    let mut hashed = String::from(":");
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hashed, "{byte:02x}");
    }
    hashed
}

/// The partition of a message: it, its attempts and its hold.
pub fn message_partition(tenant: &TenantId, id: MessageId) -> String {
    format!("T#{tenant}#M#{id}")
}

/// A message.
pub fn message(tenant: &TenantId, id: MessageId) -> Key {
    Key::new(message_partition(tenant, id), "M")
}

/// One try at sending it.
pub fn attempt(attempt: &AttemptRef) -> Key {
    Key::new(message_partition(&attempt.tenant, attempt.message), format!("A#{:04}", attempt.n))
}

/// The number of an attempt, from its sort key.
pub fn attempt_number(sk: &str) -> Option<u32> {
    sk.strip_prefix("A#")?.parse().ok()
}

/// The money held for something. It stands beside what it is held for.
pub fn hold(tenant: &TenantId, subject: Subject) -> Key {
    Key::new(subject_partition(tenant, subject), "HOLD")
}

/// What something has come to by now. It stands beside what it is of.
pub fn charged(tenant: &TenantId, subject: Subject) -> Key {
    Key::new(subject_partition(tenant, subject), "CHG")
}

fn subject_partition(tenant: &TenantId, subject: Subject) -> String {
    match subject {
        Subject::Message(id) => message_partition(tenant, id),
        Subject::Purchase(id) => purchase(tenant, id).pk,
        Subject::Call(call) => call_partition(&CallRef { tenant: tenant.clone(), call }),
    }
}

/// The partition of a tenant's books: what was used.
pub fn usage_partition(tenant: &TenantId) -> String {
    format!("T#{tenant}#USE")
}

/// A line of the books.
pub fn usage(line: &UsageLine) -> Key {
    let user = line.user.as_ref().map_or("", |user| user.as_str());
    let sk = format!("{}#{}#{}#{user}", line.day, line.provider, encoded(&line.number));
    Key::new(usage_partition(&line.tenant), sk)
}

/// How its sender was chosen.
pub fn decision(tenant: &TenantId, id: MessageId) -> Key {
    Key::new(message_partition(tenant, id), "R")
}

/// Reads a message's partition back.
pub fn read_message_partition(pk: &str) -> Option<(TenantId, MessageId)> {
    let (tenant, id) = pk.strip_prefix("T#")?.split_once("#M#")?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}

/// A conversation: its summary, and in `timeline` its messages.
pub fn conversation_partition(tenant: &TenantId, id: ConversationId) -> String {
    format!("T#{tenant}#C#{id}")
}

/// Reads a conversation's partition back.
pub fn read_conversation_partition(pk: &str) -> Option<(TenantId, ConversationId)> {
    let (tenant, id) = pk.strip_prefix("T#")?.split_once("#C#")?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}

/// A conversation's summary.
pub fn conversation(tenant: &TenantId, id: ConversationId) -> Key {
    Key::new(conversation_partition(tenant, id), "C")
}

/// The guard against answering a conversation automatically for ever.
pub fn auto_answer(tenant: &TenantId, id: ConversationId) -> Key {
    Key::new(conversation_partition(tenant, id), "AUTO")
}

/// The partition of a call: it and its legs.
pub fn call_partition(call: &CallRef) -> String {
    format!("T#{}#K#{}", call.tenant, call.call)
}

/// A call.
pub fn call(call: &CallRef) -> Key {
    Key::new(call_partition(call), "K")
}

/// `timeline`: a tenant's calls.
pub fn calls(tenant: &TenantId) -> String {
    format!("T#{tenant}#CALLS")
}

/// A leg of a call.
pub fn leg(call: &CallRef, sid: &ProviderSid) -> Key {
    Key::new(call_partition(call), format!("L#{sid}"))
}

/// The sort keys of recordings begin with it.
pub const RECORDINGS: &str = "R#";

/// A recording of a call, beside it.
pub fn recording(tenant: &TenantId, id: &RecordingId) -> Key {
    Key::new(call_partition(&id.of(tenant)), format!("{RECORDINGS}{}", id.sid))
}

/// `timeline`: a tenant's mailbox.
pub fn voicemails(tenant: &TenantId) -> String {
    format!("T#{tenant}#VM")
}

/// Whose leg a provider's id names, within a tenant.
pub fn call_of_leg(tenant: &TenantId, sid: &ProviderSid) -> Key {
    Key::new(format!("T#{tenant}#KS#{sid}"), "S")
}

/// Reads a call's partition back.
pub fn read_call_partition(pk: &str) -> Option<CallRef> {
    let (tenant, call) = pk.strip_prefix("T#")?.split_once("#K#")?;
    Some(CallRef { tenant: tenant.parse().ok()?, call: call.parse().ok()? })
}

/// A signature of a call that was given out.
pub fn call_signature(tenant: &TenantId, id: &OrigId) -> Key {
    Key::new(format!("T#{tenant}#SIG#{}", id.as_str()), "S")
}

/// What was done about an event of an account.
pub fn done(account: &AccountId, step: &str) -> Key {
    Key::new(format!("DONE#{account}#{}", encoded(step)), "D")
}

/// A point in time and what happened then: sorts by time, and is unique.
pub fn moment(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{at}#{id}")
}

/// The time of a [`moment`] and the rest.
pub fn read_moment(sk: &str) -> Option<(Timestamp, &str)> {
    let (at, rest) = sk.split_once('#')?;
    Some((Timestamp::parse_rfc3339(at)?, rest))
}

/// `timeline`: a tenant's conversations.
pub fn conversations(tenant: &TenantId) -> String {
    format!("T#{tenant}#CONV")
}

/// `timeline`: a tenant's blocked contacts.
pub fn blocked(tenant: &TenantId) -> String {
    format!("T#{tenant}#OPT")
}

/// The partition of one contact's consent.
pub fn consent_partition(tenant: &TenantId, contact: &Address) -> String {
    format!("T#{tenant}#O#{}", encoded(contact.as_str()))
}

/// What a contact allows.
pub fn consent(tenant: &TenantId, contact: &Address) -> Key {
    Key::new(consent_partition(tenant, contact), "O")
}

/// One change of it. `cause` is the message that says so, or a hash of who said what: the same change
/// recorded twice is one entry.
pub fn consent_history(tenant: &TenantId, contact: &Address, at: Timestamp, cause: &str) -> Key {
    Key::new(consent_partition(tenant, contact), format!("H#{}", moment(at, cause)))
}

/// The partition of a tenant's wallet, its ledger and its deposits.
pub fn wallet_partition(tenant: &TenantId) -> String {
    format!("T#{tenant}#W")
}

/// A wallet.
pub fn wallet(tenant: &TenantId) -> Key {
    Key::new(wallet_partition(tenant), "W")
}

/// The sort keys of a ledger begin with it.
pub const LEDGER: &str = "L#";

/// An entry of the ledger.
pub fn ledger_entry(tenant: &TenantId, at: Timestamp, id: EntryId) -> Key {
    Key::new(wallet_partition(tenant), format!("{LEDGER}{}", moment(at, id)))
}

/// A payer's reference that has been deposited.
pub fn deposit(tenant: &TenantId, reference: &str) -> Key {
    Key::new(wallet_partition(tenant), format!("D#{}", encoded(reference)))
}

/// A client's idempotency key.
pub fn idempotency(tenant: &TenantId, key: &str) -> Key {
    Key::new(format!("T#{tenant}#I#{}", encoded(key)), "I")
}

/// One month of a tenant's message log.
pub fn log_month(tenant: &TenantId, month: &str) -> String {
    format!("T#{tenant}#LOG#{month}")
}

/// A message in the log.
pub fn log(tenant: &TenantId, at: Timestamp, id: MessageId) -> Key {
    Key::new(log_month(tenant, &at.month()), moment(at, id))
}

/// The partition of the months in which a tenant's log has entries.
pub fn months(tenant: &TenantId) -> String {
    format!("T#{tenant}#LOG")
}

/// One such month.
pub fn month(tenant: &TenantId, month: &str) -> Key {
    Key::new(months(tenant), month)
}

/// The partition of a lane: one item for each attempt that blocks it.
pub fn lane_partition(lane: &Lane) -> String {
    format!("LANE#{}#{}#{}", lane.account, lane.from.expose(), encoded(&lane.to))
}

/// One attempt that blocks a lane.
pub fn lane(lane: &Lane, by: &AttemptRef) -> Key {
    Key::new(lane_partition(lane), format!("L#{}", by.to_opaque()))
}

/// Which attempt a provider's message belongs to.
pub fn claim(account: &AccountId, sid: &ProviderSid) -> Key {
    Key::new(format!("SID#{account}#{sid}"), "S")
}

/// A webhook that could not be routed.
pub fn unrouted(account: &AccountId, at: Timestamp, kind: &str, sid: &str) -> Key {
    Key::new(format!("U#{account}"), format!("{}#{kind}#{}", at.day(), encoded(sid)))
}

/// What a user wants to become of calls.
pub fn preferences(tenant: &TenantId, user: &UserId) -> Key {
    Key::new(format!("T#{tenant}#PREF"), user.as_str())
}

/// The partition of a tenant's templates.
pub fn templates(tenant: &TenantId) -> String {
    format!("T#{tenant}#TPL")
}

/// A template.
pub fn template(tenant: &TenantId, id: &TemplateId) -> Key {
    Key::new(templates(tenant), id.as_str())
}

/// The partition of the accounts of an owner.
pub fn accounts(owner: &Owner) -> String {
    match owner {
        Owner::Platform => "PLATFORM#PA".to_owned(),
        Owner::Tenant(tenant) => format!("T#{tenant}#PA"),
    }
}

/// An account at a provider.
pub fn account(owner: &Owner, id: &AccountId) -> Key {
    Key::new(accounts(owner), id.as_str())
}

/// The partition of a name by which a provider's webhooks claim accounts: one item for each tenant that
/// has an account of this name. The empty text stands for accounts without a name.
pub fn account_names(provider: ProviderId, name: &str) -> String {
    format!("AN#{provider}#{}", encoded(name))
}

/// The account of a tenant that has this name. One for each tenant, so that nobody takes more than one
/// place under a name; of accounts without a name a tenant may have several.
pub fn account_name(provider: ProviderId, name: &str, tenant: &TenantId, account: &AccountId) -> Key {
    let pk = account_names(provider, name);
    if name.is_empty() { Key::new(pk, format!("{tenant}#{account}")) } else { Key::new(pk, tenant.as_str()) }
}

/// `timeline`: the accounts of a provider that tenants brought along.
pub fn accounts_of_tenants(provider: ProviderId) -> String {
    format!("ACCOUNTS#{provider}")
}

/// `timeline`: one such account.
pub fn account_of_tenant(tenant: &TenantId, account: &AccountId) -> String {
    format!("{tenant}#{account}")
}

/// Reads [`account_of_tenant`] back.
pub fn read_account_of_tenant(sk: &str) -> Option<(TenantId, AccountId)> {
    let (tenant, account) = sk.split_once('#')?;
    Some((tenant.parse().ok()?, account.parse().ok()?))
}

/// The partition of the watermarks: how far the lists of received texts have been read.
pub const WATERMARKS: &str = "WATERMARKS";

/// The watermark of an account.
pub fn watermark(account: &AccountId) -> Key {
    Key::new(WATERMARKS.to_owned(), account.as_str())
}

/// A machine client.
pub fn client(client: &str) -> Key {
    Key::new(format!("CLIENT#{}", encoded(client)), "C")
}

/// `pending`: the partition of a kind of work and a shard.
pub fn pending(kind: PendingKind, shard: u32) -> String {
    let kind = match kind {
        PendingKind::Send => "send",
        PendingKind::Media => "media",
    };
    format!("PEND#{kind}#{shard}")
}

/// The shard of a message: its last bits are random, or of a hash.
pub fn shard(id: MessageId) -> u32 {
    u32::try_from(id.bits() % u128::from(SHARDS)).unwrap_or(0)
}

/// `pending`: the sort key of a message that is due.
pub fn due(at: Timestamp, tenant: &TenantId, id: MessageId) -> String {
    format!("{at}#{tenant}#{id}")
}

/// Reads [`due`] back.
pub fn read_due(sk: &str) -> Option<(Timestamp, TenantId, MessageId)> {
    let (at, rest) = read_moment(sk)?;
    let (tenant, id) = rest.split_once('#')?;
    Some((at, tenant.parse().ok()?, id.parse().ok()?))
}

/// `pending`: the partition of the recordings that wait for their copy, of a shard.
pub fn pending_recordings(shard: u32) -> String {
    format!("PEND#recording#{shard}")
}

/// The shard of what belongs to a call: its last bits are random, or of a hash.
pub fn shard_of_call(id: CallId) -> u32 {
    u32::try_from(id.bits() % u128::from(SHARDS)).unwrap_or(0)
}

/// `pending`: the sort key of a recording that is due.
pub fn recording_due(at: Timestamp, tenant: &TenantId, id: &RecordingId) -> String {
    format!("{at}#{tenant}#{id}")
}

/// Reads [`recording_due`] back.
pub fn read_recording_due(sk: &str) -> Option<(Timestamp, TenantId, RecordingId)> {
    let (at, rest) = read_moment(sk)?;
    let (tenant, id) = rest.split_once('#')?;
    Some((at, tenant.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
