//! The settings of IncomingPhoneNumbers that send events somewhere.

use form_urlencoded::Serializer;
use serde::Deserialize as _;
use serde_json::Value;

use super::answer::{self, Listing};
use super::numbers::{Numbers, WireNumber, remote};
use super::rest::{PAGE_SIZE, Rest};
use crate::domain::phone::E164;
use crate::provider::audit::{Comparison, Drift, Found, NUMBER, Subject, Wanted};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::RemotePage;

/// What is read of a number (OpenAPI api_v2010, `incoming_phone_number`; SignalWire's compatibility
/// API, `IncomingPhoneNumber`, which has neither `status` nor `voice_receive_mode`).
const SETTINGS: [&str; 16] = [
    "sms_application_sid",
    "sms_url",
    "sms_method",
    "sms_fallback_url",
    "sms_fallback_method",
    "trunk_sid",
    "voice_application_sid",
    "voice_receive_mode",
    "voice_url",
    "voice_method",
    "voice_fallback_url",
    "voice_fallback_method",
    "status_callback",
    "status_callback_method",
    "api_version",
    "status",
];

/// The settings of the numbers of one account.
pub(crate) struct NumberAudit(Numbers);

impl NumberAudit {
    pub(crate) fn of(rest: Rest) -> Self {
        Self(Numbers(rest))
    }

    pub(crate) fn rest(&self) -> &Rest {
        &self.0.0
    }

    /// One page. What cannot be dialled is left out.
    pub(crate) async fn page(&self, page: Option<&str>) -> Result<RemotePage<Subject>, ProviderError> {
        const OPERATION: &str = "audit numbers";
        let rest = self.rest();
        let url = match page {
            None => format!("{}?PageSize={PAGE_SIZE}", rest.url(&self.0.numbers())),
            Some(page) => rest
                .next_url(&self.0.numbers(), page)
                .ok_or_else(|| rest.error(OPERATION, ErrorKind::InvalidRequest, Effect::NotSent))?,
        };
        let answer = rest.get(OPERATION, &url).await?;
        let strange = || answer::unexpected(rest.dialect, OPERATION, &answer);
        let page: Listing<Value> =
            answer::listing(rest.dialect, OPERATION, "incoming_phone_numbers", &answer)?;
        if page.next.as_ref().is_some_and(|next| rest.next_url(&self.0.numbers(), next).is_none()) {
            return Err(strange());
        }
        let mut items = Vec::with_capacity(page.items.len());
        for wire in &page.items {
            let phone = wire.get("phone_number").and_then(Value::as_str).ok_or_else(strange)?;
            if phone.parse::<E164>().is_ok() {
                items.push(subject(wire).ok_or_else(strange)?);
            }
        }
        Ok(RemotePage { items, next: page.next })
    }

    /// One number; `None`: the account does not hold it any more.
    pub(crate) async fn number(&self, id: &str) -> Result<Option<Subject>, ProviderError> {
        const OPERATION: &str = "audit number";
        let rest = self.rest();
        let url = rest.url(&format!("{}/{}", self.0.numbers(), rest.checked(OPERATION, id)?));
        let answer = rest.get(OPERATION, &url).await?;
        match answer::read_as::<Value>(rest.dialect, OPERATION, &[200], &answer) {
            Ok(wire) => {
                subject(&wire).map(Some).ok_or_else(|| answer::unexpected(rest.dialect, OPERATION, &answer))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What overrides the URLs comes before them: while it is set, they are not asked.
    pub(crate) fn compare(&self, comparison: &mut Comparison<'_>, wanted: &Wanted) {
        let to = |path| self.rest().callback(&wanted.base, path, "");
        if wanted.messaging {
            comparison.expect("sms_application_sid", "");
            comparison.expect("sms_url", to("sms"));
            comparison.expect("sms_method", "POST");
            comparison.expect("sms_fallback_url", to("sms"));
            comparison.expect("sms_fallback_method", "POST");
        }
        if wanted.voice {
            comparison.expect("trunk_sid", "");
            comparison.expect("voice_application_sid", "");
            // `fax`: calls are not offered to the URL at all.
            comparison.expect_where_told("voice_receive_mode", "voice");
            comparison.expect("voice_url", to("voice"));
            comparison.expect("voice_method", "POST");
            comparison.expect("voice_fallback_url", to("voice"));
            comparison.expect("voice_fallback_method", "POST");
            comparison.expect("status_callback", to("call-status"));
            comparison.expect("status_callback_method", "POST");
        }
        // Another version speaks another dialect (`2008-08-01` has other names for the same events).
        comparison.expect_where_told("api_version", "2010-04-01");
        comparison.expect_of_provider("status", "in-use");
    }

    /// Writes settings of a number. An empty text takes one away.
    pub(crate) async fn write(&self, id: &str, drifts: &[Drift]) -> Result<(), ProviderError> {
        const OPERATION: &str = "repair number";
        if drifts.is_empty() {
            return Ok(());
        }
        let rest = self.rest();
        let url = rest.url(&format!("{}/{}", self.0.numbers(), rest.checked(OPERATION, id)?));
        let answer = rest.post(OPERATION, &url, form(drifts)).await?;
        let wire: Value = answer::read_as(rest.dialect, OPERATION, &[200], &answer)?;
        subject(&wire).map(drop).ok_or_else(|| answer::unexpected(rest.dialect, OPERATION, &answer))
    }
}

/// Settings under their names in requests: `sms_fallback_url` is written as `SmsFallbackUrl`.
pub(crate) fn form(drifts: &[Drift]) -> String {
    let mut form = Serializer::new(String::new());
    for drift in drifts {
        let name: String = drift
            .field
            .split('_')
            .flat_map(|word| {
                let mut letters = word.chars();
                letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
            })
            .collect();
        form.append_pair(&name, &drift.expected);
    }
    form.finish()
}

/// What a resource says of these settings.
pub(crate) fn found(wire: &Value, settings: &[&'static str]) -> Found {
    let mut found = Found::default();
    for field in settings {
        match wire.get(field) {
            Some(Value::String(text)) => found.set(field, text.as_str()),
            Some(Value::Bool(flag)) => found.set(field, flag.to_string()),
            _ => {}
        }
    }
    found
}

/// `None`: a member is missing that every number has.
fn subject(wire: &Value) -> Option<Subject> {
    let number = remote(&WireNumber::deserialize(wire).ok()?)?;
    Some(Subject {
        kind: NUMBER,
        id: number.sid.to_string(),
        phone: Some(number.phone),
        used_by: Vec::new(),
        mark: number.mark,
        found: found(wire, &SETTINGS),
    })
}
