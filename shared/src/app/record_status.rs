//! A provider reports what became of a text: merged into its attempt, in any order, any number of
//! times.

use std::sync::Arc;

use crate::domain::ids::AccountId;
use crate::domain::message::AttemptRef;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Inbox, Merged, Reports, StatusChange, StoreError, Unrouted};
use crate::provider::ProviderId;
use crate::provider::webhooks::{StatusReport, WebhookKind};

/// What became of a report. Every one of them is answered with success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It won.
    Applied,
    /// It was late, or a repetition.
    Stale,
    /// It names nothing of this account's. Recorded for the operator.
    Unrouted,
}

/// Records reports.
pub struct RecordStatus {
    /// Where attempts are.
    pub reports: Arc<dyn Reports>,
    /// Where the operator looks for what could not be routed.
    pub inbox: Arc<dyn Inbox>,
}

impl RecordStatus {
    /// Merges a verified report. It is resolved through the opaque id in the URL that we gave the
    /// provider, and the write is conditioned on the account that signed it, so that an account can
    /// speak only of its own.
    ///
    /// # Errors
    /// When the store fails; the provider is to report again.
    pub async fn record(
        &self,
        provider: ProviderId,
        account: &AccountId,
        report: &StatusReport,
        now: Timestamp,
    ) -> Result<Reported, StoreError> {
        let attempt = report.callback_id.as_deref().and_then(AttemptRef::from_opaque);
        let (Some(attempt), Some(status)) = (attempt, report.status) else {
            let reason = if report.status.is_none() { "unknown_status" } else { "unknown_message" };
            self.unrouted(account, report, reason, now).await?;
            return Ok(Reported::Unrouted);
        };
        let change = StatusChange {
            account: account.clone(),
            provider,
            sid: Some(report.sid.clone()),
            status,
            error_code: report.error.as_ref().map(ToString::to_string),
            error_message: None,
            bill: report.bill.clone(),
            at: report.at.unwrap_or(now),
        };
        match self.reports.merge(&attempt, &change).await? {
            Merged::Applied => {
                tracing::info!(
                    %provider, message_id = %attempt.message, provider_sid = %report.sid, status = status.as_str(),
                    error_code = change.error_code, "Message status"
                );
                Ok(Reported::Applied)
            }
            Merged::Stale => Ok(Reported::Stale),
            Merged::Foreign => {
                self.unrouted(account, report, "foreign_message", now).await?;
                Ok(Reported::Unrouted)
            }
        }
    }

    async fn unrouted(
        &self,
        account: &AccountId,
        report: &StatusReport,
        reason: &'static str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::warn!(
            %account, provider_sid = %report.sid, status = report.provider_status, reason, "Message status not routed"
        );
        let unrouted = Unrouted {
            account: account.clone(),
            kind: WebhookKind::StatusCallback,
            sid: report.sid.to_string(),
            own: None,
            reason,
            at,
        };
        self.inbox.record_unrouted(&unrouted).await
    }
}
