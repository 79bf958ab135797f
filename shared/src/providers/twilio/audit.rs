//! Where events go: the numbers' own settings, the region that a number's calls are handled in, and
//! the messaging service that the account's settings name.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::compat::answer;
use super::compat::audit::{NumberAudit, form, found};
use super::config::Config;
use super::dialect;
use crate::domain::phone::E164;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::audit::{Comparison, Drift, NUMBER, Subject, Wanted, WebhookAudit};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::RemotePage;
use crate::provider::transport::HttpTransport;

/// WebhookAudit of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn webhook_audit(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn WebhookAudit>, ProviderError> {
    let config = Config::of(account, environment)?;
    Ok(Box::new(Audit {
        routes: config.product("routes"),
        services: config.product("messaging"),
        service: config.messaging_service,
        numbers: NumberAudit::of(dialect::rest(account, environment, transport)?),
    }))
}

/// The region whose credentials ours are: `api.twilio.com` is US1's
/// (https://www.twilio.com/docs/global-infrastructure/understanding-twilio-regions). A number whose
/// calls are handled elsewhere signs with the auth token of that region, which nobody knows here.
const HOME: &str = "us1";
/// OpenAPI routes_v2, `routes.v2.phone_number`.
const REGION: &str = "voice_region";

const SERVICE: &str = "messaging_service";
/// OpenAPI messaging_v1, `messaging.v1.service`.
const SERVICE_SETTINGS: [&str; 6] = [
    "use_inbound_webhook_on_number",
    "inbound_request_url",
    "inbound_method",
    "fallback_url",
    "fallback_method",
    "status_callback",
];

struct Audit {
    numbers: NumberAudit,
    /// Where the region of a number is told.
    routes: String,
    /// Where messaging services are.
    services: String,
    /// The account's messaging service.
    service: Option<String>,
}

impl Audit {
    fn region_url(&self, phone: &E164) -> String {
        format!("{}/v2/PhoneNumbers/{}", self.routes, phone.expose().replace('+', "%2B"))
    }

    /// `None`: these credentials may not ask for it. A number that was never given a region is at home.
    async fn region(&self, phone: &E164) -> Result<Option<String>, ProviderError> {
        const OPERATION: &str = "audit region";
        let rest = self.numbers.rest();
        let answer = rest.get(OPERATION, &self.region_url(phone)).await?;
        match answer::read_as::<Value>(rest.dialect, OPERATION, &[200], &answer) {
            Ok(wire) if !wire.is_object() => Err(answer::unexpected(rest.dialect, OPERATION, &answer)),
            Ok(wire) => {
                let region = wire.get(REGION).and_then(Value::as_str).filter(|region| !region.is_empty());
                Ok(Some(region.unwrap_or(HOME).to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(HOME.to_owned())),
            Err(error) if error.kind() == ErrorKind::Authentication && error.effect() == Effect::Refused => {
                tracing::info!("These credentials may not read the regions of numbers");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn service(&self, id: &str) -> Result<Option<Subject>, ProviderError> {
        const OPERATION: &str = "audit messaging service";
        let rest = self.numbers.rest();
        let answer = rest.get(OPERATION, &format!("{}/v1/Services/{id}", self.services)).await?;
        let wire = match answer::read_as::<Value>(rest.dialect, OPERATION, &[200], &answer) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            wire => wire?,
        };
        if wire.get("sid").and_then(Value::as_str) != Some(id) {
            return Err(answer::unexpected(rest.dialect, OPERATION, &answer));
        }
        Ok(Some(Subject {
            kind: SERVICE,
            id: id.to_owned(),
            phone: None,
            used_by: Vec::new(),
            mark: wire.get("friendly_name").and_then(Value::as_str).map(str::to_owned),
            found: found(&wire, &SERVICE_SETTINGS),
        }))
    }

    /// The service's own URLs count for senders without a number; the numbers keep theirs.
    fn compare_service(&self, comparison: &mut Comparison<'_>, wanted: &Wanted) {
        let to = |path| self.numbers.rest().callback(&wanted.base, path, "");
        comparison.expect("use_inbound_webhook_on_number", "true");
        comparison.expect("inbound_request_url", to("sms"));
        comparison.expect("inbound_method", "POST");
        comparison.expect("fallback_url", to("sms"));
        comparison.expect("fallback_method", "POST");
        comparison.expect("status_callback", to("status-callback"));
    }

    async fn post(&self, operation: &'static str, url: &str, form: String) -> Result<(), ProviderError> {
        let rest = self.numbers.rest();
        let answer = rest.post(operation, url, form).await?;
        let wire: Value = answer::read_as(rest.dialect, operation, &[200], &answer)?;
        if wire.is_object() { Ok(()) } else { Err(answer::unexpected(rest.dialect, operation, &answer)) }
    }
}

#[async_trait]
impl WebhookAudit for Audit {
    async fn numbers(&self, page: Option<&str>) -> Result<RemotePage<Subject>, ProviderError> {
        self.numbers.page(page).await
    }

    async fn shared(&self) -> Result<Vec<Subject>, ProviderError> {
        let Some(id) = &self.service else { return Ok(Vec::new()) };
        Ok(vec![self.service(id).await?.unwrap_or_else(|| Subject::absent(SERVICE, id))])
    }

    async fn complete(&self, mut subject: Subject) -> Result<Option<Subject>, ProviderError> {
        if let Some(phone) = &subject.phone
            && let Some(region) = self.region(phone).await?
        {
            subject.found.set(REGION, region);
        }
        Ok(Some(subject))
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Subject>, ProviderError> {
        if subject.kind != NUMBER {
            return self.service(&subject.id).await;
        }
        match self.numbers.number(&subject.id).await? {
            Some(read) => self.complete(read).await,
            None => Ok(None),
        }
    }

    fn drifts(&self, subject: &Subject, wanted: &Wanted) -> Vec<Drift> {
        if let Some(absence) = subject.absence() {
            return vec![absence];
        }
        let mut comparison = Comparison::of(&subject.found);
        if subject.kind == NUMBER {
            self.numbers.compare(&mut comparison, wanted);
            if wanted.voice {
                comparison.expect_where_told(REGION, HOME);
            }
        } else {
            self.compare_service(&mut comparison, wanted);
        }
        comparison.drifts()
    }

    async fn repair(&self, subject: &Subject, drifts: &[Drift]) -> Result<(), ProviderError> {
        let Some(phone) = &subject.phone else {
            let url = format!("{}/v1/Services/{}", self.services, subject.id);
            return self.post("repair messaging service", &url, form(drifts)).await;
        };
        let (region, settings): (Vec<Drift>, Vec<Drift>) =
            drifts.iter().cloned().partition(|drift| drift.field == REGION);
        self.numbers.write(&subject.id, &settings).await?;
        if region.is_empty() {
            return Ok(());
        }
        self.post("repair region", &self.region_url(phone), form(&region)).await
    }
}
