//! A job of the outbound queue: look after one outbound message, until it has left or has failed.
//!
//! The order of the steps is what keeps the promise "send once": the attempt is written before the
//! provider is called, so that whoever finds it without an end knows that a text may be out there,
//! and asks instead of sending.

use std::sync::Arc;
use std::time::Duration;

use super::project::may_retry;
use super::resolve;
use super::retry;
use crate::domain::address::Address;
use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::{Attempt, AttemptRef, Bill, Lane, Message, MessageView};
use crate::domain::number::NumberStatus;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Accounts, AttemptEnd, Clock, Dispatch, Job, Messages, Numbers, Projection, Queue, Random, Reports,
    StoreError,
};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::messaging::{Callback, Messaging, OutboundText};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, registry};

/// How long the process that began an attempt may be at work on it: the function's timeout (60 s in
/// the template, read by a tidy test) and a margin. After it, whoever began is dead.
pub const LEASE: Duration = Duration::from_secs(65);
/// How long the provider may be silent about an accepted message before it is asked, by how often it
/// was asked. The last step repeats until [`GIVE_UP_ASKING`].
const CHECK_AFTER: [Duration; 4] = [
    Duration::from_secs(300),
    Duration::from_secs(900),
    Duration::from_secs(3600),
    Duration::from_secs(4 * 3600),
];
/// A carrier that has sent no receipt by now sends none (SMS validity is at most 36 000 s at Twilio,
/// `ValidityPeriod` of the Messages resource; 172 800 s at SignalWire).
pub(super) const GIVE_UP_ASKING: Duration = Duration::from_secs(48 * 3600);
/// A message that was accepted so recently was given a sender that its tenant holds. For older ones
/// (scheduled, tried again) it is asked once more, because numbers move.
const SENDER_KNOWN: Duration = Duration::from_secs(60);
/// How long a message waits while its number is moving.
const MOVING_WAIT: Duration = Duration::from_secs(60);
/// How long a message waits when its lane is closed.
const LANE_WAIT: Duration = Duration::from_secs(10);

/// Looks after outbound messages.
pub struct Deliver {
    /// Messages and attempts.
    pub dispatch: Arc<dyn Dispatch>,
    /// Where what the provider answers is merged.
    pub reports: Arc<dyn Reports>,
    /// Other messages, to tell them from the one whose answer was lost.
    pub messages: Arc<dyn Messages>,
    /// Where an attempt is taken over into its message, should the stream have lost it.
    pub projection: Arc<dyn Projection>,
    /// Who holds the sender by now.
    pub numbers: Arc<dyn Numbers>,
    /// Credentials.
    pub accounts: Arc<dyn Accounts>,
    /// Where work that is to be done later goes.
    pub queue: Arc<dyn Queue>,
    /// The way to the providers.
    pub transport: Arc<dyn HttpTransport>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub random: Arc<dyn Random>,
    /// Where this process runs.
    pub environment: Environment,
    /// The public base URL, without a slash at the end.
    pub public_base_url: String,
}

/// Whose the number is that a message is to leave from.
enum Sender {
    /// The tenant's, or nobody's.
    Ours,
    /// On its way to somebody.
    Moving,
    /// Another tenant's.
    Gone,
}

/// What a look at a message leads to.
#[derive(Debug, PartialEq, Eq)]
enum Step<'v> {
    /// There is nothing to do.
    Done,
    /// Somebody is at it, or its time has not come.
    NotYet(Timestamp),
    /// Its time is over.
    Expired,
    /// Begin attempt `n`.
    Send(u32),
    /// The answer of this attempt was lost.
    Resolve(&'v Attempt),
    /// The provider has it and has not said how it ended.
    Check(&'v Attempt),
}

impl Deliver {
    /// Looks after one message. Every path can be taken any number of times.
    ///
    /// # Errors
    /// When a store or queue fails; the job is to be handed out again.
    pub async fn deliver(&self, tenant: &TenantId, id: MessageId) -> Result<(), StoreError> {
        let Some(view) = self.dispatch.load(tenant, id).await? else {
            tracing::warn!(message_id = %id, "There is no such message");
            return Ok(());
        };
        let now = self.clock.now();
        if let Some(ahead) = ahead(&view) {
            // The projector does this within a second, unless the stream has lost the record.
            self.projection.fold(&self.attempt_ref(&view.message, ahead.n), ahead, now).await?;
        }
        match step(&view, now) {
            Step::Done => {
                self.reopen_lane(&view).await?;
                self.dispatch.set_due(tenant, id, None).await
            }
            Step::NotYet(at) => self.later(&view.message, at).await,
            Step::Expired => {
                let words = "The message could not leave before its validity ended";
                self.dispatch.fail(tenant, id, "EXPIRED", words, now).await
            }
            Step::Send(n) => self.send(&view.message, n).await,
            Step::Resolve(attempt) => self.resolve(&view, attempt).await,
            Step::Check(attempt) => self.check(&view, attempt).await,
        }
    }

    /// Every send passes here; nothing leaves on another way.
    async fn send(&self, message: &Message, n: u32) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (tenant, id) = (&message.tenant, message.id);
        let gate = (!message.origin.exempt_from_opt_out()).then_some(&message.to);
        if self.is_blocked(message, gate).await? {
            return self.opted_out(message, now).await;
        }
        match self.sender(message, now).await? {
            Sender::Ours => {}
            Sender::Moving => return self.later(message, now.plus(MOVING_WAIT)).await,
            Sender::Gone => {
                let words = "The sending number is another tenant's by now";
                return self.dispatch.fail(tenant, id, "NO_PROVIDER_FOR_NUMBER", words, now).await;
            }
        }
        let Some(messaging) = self.messaging(message).await? else {
            let code = format!("{}_NOT_CONFIGURED", message.provider.as_str().to_ascii_uppercase());
            let words = "The provider account has no credentials";
            return self.dispatch.fail(tenant, id, &code, words, now).await;
        };
        let attempt = self.attempt_ref(message, n);
        let lane = lane(message);
        if let Some(lane) = &lane
            && self.dispatch.lane(lane, now).await?.is_some_and(|by| by.message != id)
        {
            return self.later(message, now.plus(LANE_WAIT)).await;
        }
        if !self.dispatch.begin(tenant, id, &begun(message, n, now), gate).await? {
            // Somebody else is at it; or a STOP came in at the last moment.
            return if self.is_blocked(message, gate).await? {
                self.opted_out(message, now).await
            } else {
                Ok(())
            };
        }
        tracing::info!(
            provider = %message.provider, message_id = %id, attempt = n, from = ?message.from, to = ?message.to,
            "Sending message"
        );
        let text = OutboundText {
            from: message.from.as_str().to_owned(),
            to: message.to.as_str().to_owned(),
            body: message.body.clone(),
            media_urls: message.media.iter().map(|media| media.url.clone()).collect(),
            callback: Callback { base: self.public_base_url.clone(), id: attempt.to_opaque() },
        };
        match messaging.send(&text).await {
            Ok(accepted) => {
                tracing::info!(
                    provider = %message.provider, message_id = %id, provider_sid = %accepted.sid,
                    status = accepted.status.as_str(), "Message accepted by provider"
                );
                self.dispatch
                    .end(&attempt, &ended(accepted.status, Some(accepted.sid), self.clock.now()))
                    .await?;
                self.dispatch.set_due(tenant, id, Some(self.clock.now().plus(CHECK_AFTER[0]))).await
            }
            Err(error) => self.failed(message, &attempt, lane.as_ref(), &error).await,
        }
    }

    /// Whose the sending number is. One that nobody is known to hold is left to the provider to refuse.
    async fn sender(&self, message: &Message, now: Timestamp) -> Result<Sender, StoreError> {
        let Some(phone) = message.from.phone() else { return Ok(Sender::Ours) };
        if now.since(message.created_at) < SENDER_KNOWN {
            return Ok(Sender::Ours);
        }
        let held = self.numbers.by_account(&message.account, phone).await?;
        Ok(match held {
            Some(number) if number.tenant != message.tenant => Sender::Gone,
            Some(number) if number.status == NumberStatus::Moving => Sender::Moving,
            Some(_) | None => Sender::Ours,
        })
    }

    async fn is_blocked(&self, message: &Message, gate: Option<&Address>) -> Result<bool, StoreError> {
        let Some(contact) = gate else { return Ok(false) };
        let consent = self.dispatch.consent(&message.tenant, contact).await?;
        Ok(consent.is_some_and(|consent| consent.is_blocked()))
    }

    async fn opted_out(&self, message: &Message, now: Timestamp) -> Result<(), StoreError> {
        let words = "The recipient has opted out";
        self.dispatch.fail(&message.tenant, message.id, "OPTED_OUT", words, now).await
    }

    /// The send failed: what follows is derived from the error's kind and effect, and from nothing else.
    async fn failed(
        &self,
        message: &Message,
        attempt: &AttemptRef,
        lane: Option<&Lane>,
        error: &ProviderError,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        tracing::warn!(
            provider = %message.provider, message_id = %message.id, attempt = attempt.n, kind = ?error.kind(),
            effect = ?error.effect(), error_code = error.code().map(ToString::to_string), http_status = error.status(),
            "Sending failed"
        );
        let mut end = failure(error, now);
        match error.effect() {
            Effect::Unknown => {
                end.status = MessageStatus::Unknown;
                // The lane is closed before the attempt is marked, so that no other text slips past
                // between the two.
                if let Some(lane) = lane {
                    let until = now.plus(retry::lane_window(message.purpose));
                    self.dispatch.block_lane(lane, attempt, until).await?;
                }
                self.dispatch.end(attempt, &end).await?;
                self.later(message, now.plus(resolve::FIRST_QUESTION)).await
            }
            Effect::NotSent if error.is_retryable() && attempt.n < retry::MAX_ATTEMPTS => {
                end.superseded = true;
                self.dispatch.end(attempt, &end).await?;
                let wait = retry::delay(self.random.as_ref(), attempt.n, error.retry_after());
                self.later(message, now.plus(wait)).await
            }
            Effect::NotSent | Effect::Refused => self.dispatch.end(attempt, &end).await,
        }
    }

    /// The provider has the message and has been silent: callbacks get lost, so it is asked.
    async fn check(&self, view: &MessageView, attempt: &Attempt) -> Result<(), StoreError> {
        self.reopen_lane(view).await?;
        let message = &view.message;
        let now = self.clock.now();
        let reference = self.attempt_ref(message, attempt.n);
        let age = attempt.started_at.map_or(Duration::ZERO, |at| now.since(at));
        if let (Some(sid), Some(messaging)) = (&attempt.sid, self.messaging(message).await?) {
            match messaging.fetch(sid).await {
                Ok(remote) => {
                    if let Some(change) = resolve::as_change(message, &remote, now) {
                        self.reports.merge(&reference, &change).await?;
                        if change.status.is_settled() || last_word(message, change.status) {
                            return self.dispatch.set_due(&message.tenant, message.id, None).await;
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(message_id = %message.id, kind = ?error.kind(), "Asking for a status failed");
                }
            }
        }
        if age >= GIVE_UP_ASKING {
            tracing::warn!(message_id = %message.id, status = attempt.status.as_str(), "No final status ever came");
            return self.dispatch.set_due(&message.tenant, message.id, None).await;
        }
        let wait = CHECK_AFTER.iter().find(|wait| **wait > age).unwrap_or(&CHECK_AFTER[3]);
        self.dispatch.set_due(&message.tenant, message.id, Some(now.plus(*wait))).await
    }

    /// A callback may have resolved a lost answer, and a report that wins leaves no trace of what was
    /// lost: so each attempt opens the lane that it may have closed.
    async fn reopen_lane(&self, view: &MessageView) -> Result<(), StoreError> {
        let Some(lane) = lane(&view.message) else { return Ok(()) };
        for attempt in &view.attempts {
            self.dispatch.open_lane(&lane, &self.attempt_ref(&view.message, attempt.n)).await?;
        }
        Ok(())
    }

    /// The sending half of the message's account; `None` when it is not configured.
    pub(super) async fn messaging(
        &self,
        message: &Message,
    ) -> Result<Option<Box<dyn Messaging>>, StoreError> {
        let account = self.accounts.account(&message.tenant, &message.account).await?;
        let Some((account, open)) = account.zip(registry::messaging(message.provider)) else {
            return Ok(None);
        };
        match open(&account, &self.environment, Arc::clone(&self.transport)) {
            Ok(messaging) => Ok(Some(messaging)),
            Err(error) => {
                tracing::error!(account = %account.id, %error, "The account cannot send");
                Ok(None)
            }
        }
    }

    pub(super) fn attempt_ref(&self, message: &Message, n: u32) -> AttemptRef {
        AttemptRef { tenant: message.tenant.clone(), message: message.id, n }
    }

    /// Has the message looked after again at `at`. The mark is set first: were the process to die
    /// before the job is enqueued, the sweeper finds it.
    pub(super) async fn later(&self, message: &Message, at: Timestamp) -> Result<(), StoreError> {
        self.dispatch.set_due(&message.tenant, message.id, Some(at.plus(Duration::from_secs(60)))).await?;
        let job = Job::Send { tenant: message.tenant.clone(), message: message.id };
        self.queue.enqueue(&job, at.since(self.clock.now())).await
    }
}

/// The newest attempt, when the message's own status lags behind it.
fn ahead(view: &MessageView) -> Option<&Attempt> {
    let latest = view.attempts.iter().max_by_key(|attempt| attempt.n)?;
    let lags = (view.progress.attempt, view.progress.status) < (latest.n, latest.status);
    // A failure that passes may be tried again, and that is the projector's to decide.
    (lags && !latest.superseded && !may_retry(latest)).then_some(latest)
}

/// What to do about a message, from nothing but its state and the time.
fn step(view: &MessageView, now: Timestamp) -> Step<'_> {
    let message = &view.message;
    if view.progress.status.is_settled() {
        return Step::Done;
    }
    let latest = view.attempts.iter().max_by_key(|attempt| attempt.n);
    match latest {
        Some(attempt) if !attempt.superseded => match (attempt.status, &attempt.sid) {
            // Settled, and the projector is about to say so.
            (status, _) if status.is_settled() => Step::Done,
            (status, Some(_)) if last_word(message, status) => Step::Done,
            (_, Some(_)) => Step::Check(attempt),
            // Nobody has said how it ended. While its lease runs, its process may still.
            (MessageStatus::Unknown, None) => Step::Resolve(attempt),
            (_, None) => match attempt.lease_until {
                Some(lease) if now < lease => Step::NotYet(lease),
                Some(_) | None => Step::Resolve(attempt),
            },
        },
        _ => {
            if message.send_at.is_some_and(|at| now < at) {
                return Step::NotYet(message.send_at.unwrap_or(now));
            }
            if message.send_before.is_some_and(|before| now >= before) {
                return Step::Expired;
            }
            Step::Send(latest.map_or(1, |attempt| attempt.n.saturating_add(1)))
        }
    }
}

/// No report follows this status: the provider sends no receipts for such a message.
fn last_word(message: &Message, status: MessageStatus) -> bool {
    let receipts = message.media.is_empty() || registry::capabilities(message.provider).mms_receipts;
    status == MessageStatus::Sent && !receipts
}

/// The lane of a message; own number to own number included. `None` when the sender is no number.
pub(super) fn lane(message: &Message) -> Option<Lane> {
    let from = message.from.phone()?.clone();
    Some(Lane { account: message.account.clone(), from, to: message.to.as_str().to_owned() })
}

fn begun(message: &Message, n: u32, now: Timestamp) -> Attempt {
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
        started_at: Some(now),
        lease_until: Some(now.plus(LEASE)),
        delivered_at: None,
        asked: 0,
        bill: Bill::default(),
    }
}

pub(super) fn ended(
    status: MessageStatus,
    sid: Option<crate::domain::ids::ProviderSid>,
    at: Timestamp,
) -> AttemptEnd {
    AttemptEnd {
        status,
        sid,
        error_code: None,
        error_message: None,
        error_kind: None,
        effect: None,
        superseded: false,
        at,
    }
}

fn failure(error: &ProviderError, at: Timestamp) -> AttemptEnd {
    AttemptEnd {
        status: MessageStatus::Failed,
        sid: None,
        error_code: Some(error.code().map_or_else(|| kind_code(error.kind()), ToString::to_string)),
        error_message: Some(error.message().map_or_else(|| error.to_string(), ToOwned::to_owned)),
        error_kind: Some(error.kind()),
        effect: Some(error.effect()),
        superseded: false,
        at,
    }
}

/// The code of an error for which the provider gave none.
fn kind_code(kind: ErrorKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|value| value.as_str().map(str::to_ascii_uppercase))
        .unwrap_or_else(|| "PROVIDER_ERROR".to_owned())
}
