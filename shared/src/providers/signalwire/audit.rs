//! Where events go: the numbers' own settings. A project has none that its numbers share.

use std::sync::Arc;

use async_trait::async_trait;

use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::audit::{Comparison, Drift, Subject, Wanted, WebhookAudit};
use crate::provider::error::ProviderError;
use crate::provider::numbers::RemotePage;
use crate::provider::transport::HttpTransport;
use crate::providers::twilio::compat::audit::NumberAudit;

/// WebhookAudit of one project.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn webhook_audit(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn WebhookAudit>, ProviderError> {
    Ok(Box::new(Audit(NumberAudit::of(dialect::rest(account, environment, transport)?))))
}

struct Audit(NumberAudit);

#[async_trait]
impl WebhookAudit for Audit {
    async fn numbers(&self, page: Option<&str>) -> Result<RemotePage<Subject>, ProviderError> {
        self.0.page(page).await
    }

    async fn shared(&self) -> Result<Vec<Subject>, ProviderError> {
        Ok(Vec::new())
    }

    /// A list tells everything.
    async fn complete(&self, subject: Subject) -> Result<Option<Subject>, ProviderError> {
        Ok(Some(subject))
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Subject>, ProviderError> {
        self.0.number(&subject.id).await
    }

    fn drifts(&self, subject: &Subject, wanted: &Wanted) -> Vec<Drift> {
        let mut comparison = Comparison::of(&subject.found);
        self.0.compare(&mut comparison, wanted);
        comparison.drifts()
    }

    async fn repair(&self, subject: &Subject, drifts: &[Drift]) -> Result<(), ProviderError> {
        self.0.write(&subject.id, drifts).await
    }
}
