//! What a provider reports about a call: merged into its leg, in any order, any number of times.

use std::sync::Arc;
use std::time::Duration;

use super::planner::Planner;
use crate::app::route_cache::RouteCache;
use crate::domain::address::Address;
use crate::domain::call::{Call, CallDirection, CallRef, CallStatus, Dialled};
use crate::domain::ids::{AccountId, CallId, ProviderSid};
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::place::{CallState, Place};
use crate::domain::voice::plan::Plan;
use crate::ports::{CallRecords, Inbox, LegChange, LegStatus, Merged, StoreError, Unrouted};
use crate::provider::ProviderId;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{CallEvent, CallHappening};
use crate::provider::webhooks::{CallLookup, WebhookKind};

/// Records calls.
pub struct RecordCall {
    /// Who holds which number.
    pub routes: Arc<RouteCache>,
    /// Who takes them.
    pub planner: Planner,
    /// Calls.
    pub calls: Arc<dyn CallRecords>,
    /// Where the operator looks for what could not be routed.
    pub inbox: Arc<dyn Inbox>,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is recorded, under this call.
    Recorded(CallRef),
    /// It names nothing of this account's. Recorded for the operator.
    Unrouted,
}

impl RecordCall {
    /// Records one verified event. The call is the one that our opaque id names; at first contact it
    /// follows from the account and what the provider calls the call, and its owner is the one who
    /// holds our number through that account. Every write is conditioned on the account.
    ///
    /// # Errors
    /// When the store fails; the provider is to report again.
    pub async fn record(
        &self,
        account: &ProviderAccount,
        event: &CallEvent,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let (provider, credentials) = (account.provider, account);
        let account = &credentials.id;
        let (named, place) = match event.callback_id.as_deref().and_then(CallState::read) {
            Some(CallState { call, place }) => (Some(call), place),
            None => (None, Place::Start),
        };
        let call = match named {
            Some(call) => call,
            None => match self.first_contact(credentials, event, now).await? {
                Some(call) => call,
                None => return self.unrouted(account, event, "unknown_number", now).await,
            },
        };
        let rung_for = match &place {
            Place::Rung { parent, .. } => Some(parent),
            Place::Start | Place::At { .. } => None,
        };
        let change = change(provider, account, event, rung_for, now);
        if let Some(waiting) = dialled(provider, account, event, &place, now)
            && self.calls.merge_leg(&call, &waiting).await? == Merged::Foreign
        {
            return self.unrouted(account, event, "foreign_call", now).await;
        }
        match self.calls.merge_leg(&call, &change).await? {
            Merged::Applied => {
                tracing::info!(
                    %provider, call_id = %call.call, provider_sid = %event.sid,
                    status = change.status.map(|status| status.status.as_str()), "Call event"
                );
                Ok(Taken::Recorded(call))
            }
            Merged::Stale => Ok(Taken::Recorded(call)),
            Merged::Foreign => self.unrouted(account, event, "foreign_call", now).await,
        }
    }

    /// Opens the call that a provider asks an agent for. `None`: nobody holds the number through this
    /// account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look_up(
        &self,
        account: &ProviderAccount,
        lookup: &CallLookup,
        now: Timestamp,
    ) -> Result<Option<CallRef>, StoreError> {
        let Some(number) = self.held(&account.id, &lookup.to, now).await? else { return Ok(None) };
        // The provider repeats a lookup with the time of the first one, and names it in no other way.
        let at = lookup.at.unwrap_or(now).to_string();
        let parts = ["lookup", account.id.as_str(), lookup.from.as_str(), lookup.to.as_str(), &at];
        let id = CallId::derived(&parts);
        let call = Call {
            id,
            tenant: number.tenant.clone(),
            direction: CallDirection::Inbound,
            provider: account.provider,
            account: account.id.clone(),
            number: number.id,
            from: lookup.from.clone(),
            to: lookup.to.clone(),
            user: number.user,
            agent: number.agent,
            own_account: account.tenant.is_some(),
            lead: None,
            plan: None,
            created_at: now,
        };
        self.calls.open(&call).await?;
        Ok(Some(CallRef { tenant: number.tenant, call: id }))
    }

    async fn first_contact(
        &self,
        account: &ProviderAccount,
        event: &CallEvent,
        now: Timestamp,
    ) -> Result<Option<CallRef>, StoreError> {
        let (Some(from), Some(to)) = (&event.from, &event.to) else { return Ok(None) };
        let direction = event.direction.unwrap_or(CallDirection::Inbound);
        let own = match direction {
            CallDirection::Inbound => to,
            CallDirection::Outbound => from,
        };
        let Some(number) = self.held(&account.id, own, now).await? else { return Ok(None) };
        let name = event.session.as_deref().unwrap_or(event.sid.as_str());
        let id = CallId::derived(&["call", account.id.as_str(), name]);
        // A report alone decides nothing: the question may still come.
        let plan = match (&event.what, direction) {
            (CallHappening::Initiated { .. }, CallDirection::Inbound) => {
                Some(self.planner.plan(&number, id, from, now).await?)
            }
            (_, _) => None,
        };
        let call = Call {
            id,
            tenant: number.tenant.clone(),
            direction,
            provider: account.provider,
            account: account.id.clone(),
            number: number.id,
            from: from.clone(),
            to: to.clone(),
            user: number.user,
            agent: plan.as_ref().and_then(Plan::agent).cloned().or(number.agent),
            own_account: account.tenant.is_some(),
            lead: None,
            plan,
            created_at: now,
        };
        self.calls.open(&call).await?;
        Ok(Some(CallRef { tenant: number.tenant, call: id }))
    }

    async fn held(
        &self,
        account: &AccountId,
        own: &Address,
        now: Timestamp,
    ) -> Result<Option<PhoneNumber>, StoreError> {
        match own.phone() {
            Some(phone) => self.routes.by_account(account, phone, now).await,
            None => Ok(None),
        }
    }

    async fn unrouted(
        &self,
        account: &AccountId,
        event: &CallEvent,
        reason: &'static str,
        at: Timestamp,
    ) -> Result<Taken, StoreError> {
        tracing::warn!(%account, provider_sid = %event.sid, reason, "Call event not routed");
        let own = match event.direction {
            Some(CallDirection::Outbound) => &event.from,
            Some(CallDirection::Inbound) | None => &event.to,
        };
        let unrouted = Unrouted {
            account: account.clone(),
            kind: WebhookKind::Events,
            sid: event.sid.to_string(),
            own: own.as_ref().map(|own| own.as_str().to_owned()),
            reason,
            at,
        };
        self.inbox.record_unrouted(&unrouted).await?;
        Ok(Taken::Unrouted)
    }
}

/// What an event changes about its leg.
fn change(
    provider: ProviderId,
    account: &AccountId,
    event: &CallEvent,
    rung_for: Option<&ProviderSid>,
    now: Timestamp,
) -> LegChange {
    let at = event.at.unwrap_or(now);
    let mut change = LegChange {
        control_id: event.control_id.clone(),
        session: event.session.clone(),
        parent: event.parent.clone().or(rung_for.cloned()),
        from: event.from.clone(),
        to: event.to.clone(),
        ..LegChange::of(account.clone(), provider, event.sid.clone(), now)
    };
    let reached = |status| Some(LegStatus { status, cause: None, provider_cause: None, ended_at: None });
    let seconds = |duration: &Option<Duration>| duration.map(|duration| duration.as_secs());
    match &event.what {
        CallHappening::Initiated { signature } => {
            change.status = reached(CallStatus::Initiated);
            change.signature = Some(*signature);
        }
        CallHappening::Ringing => change.status = reached(CallStatus::Ringing),
        CallHappening::Answered => {
            change.status = reached(CallStatus::InProgress);
            change.answered_at = Some(at);
        }
        CallHappening::Ended { status, cause, provider_cause, duration, cost } => {
            change.status = Some(LegStatus {
                status: *status,
                cause: Some(*cause),
                provider_cause: Some(provider_cause.clone()),
                ended_at: Some(at),
            });
            change.duration = seconds(duration);
            change.cost = cost.clone();
        }
        CallHappening::AnsweredBy(who) => change.answered_by = Some(*who),
        CallHappening::Billed { cost, duration } => {
            change.cost = Some(cost.clone());
            change.duration = seconds(duration);
        }
        CallHappening::Dialled(end) => {
            let joined = end.joined.unwrap_or(end.status == CallStatus::Completed);
            change.dialled = Some(Dialled { status: end.status, joined });
        }
        CallHappening::Screened { digits } => change.screened = Some(!digits.is_empty()),
        CallHappening::Digits { complete: true, .. } if rung_for.is_some() => change.screened = Some(true),
        CallHappening::Stream { state } => change.stream_failed = state == "failed",
        CallHappening::MessageLeft
        | CallHappening::Screening
        | CallHappening::Bridged
        | CallHappening::GreetingEnded { .. }
        | CallHappening::PlaybackEnded { .. }
        | CallHappening::Digits { .. }
        | CallHappening::Analysed { .. }
        | CallHappening::Other { .. } => {}
    }
    change
}

/// What an event of a leg that was rung says about the leg that waits for it, at a provider that reports
/// both and not what became of the one for the other.
fn dialled(
    provider: ProviderId,
    account: &AccountId,
    event: &CallEvent,
    place: &Place,
    now: Timestamp,
) -> Option<LegChange> {
    let Place::Rung { parent, screened } = place else { return None };
    let dialled = match &event.what {
        CallHappening::Bridged => Dialled { status: CallStatus::Completed, joined: true },
        // Whoever answers is joined at once.
        CallHappening::Answered if !screened => Dialled { status: CallStatus::Completed, joined: true },
        CallHappening::Ended { status, .. } => Dialled { status: *status, joined: false },
        _ => return None,
    };
    let waiting = LegChange::of(account.clone(), provider, parent.clone(), now);
    Some(LegChange { dialled: Some(dialled), ..waiting })
}
