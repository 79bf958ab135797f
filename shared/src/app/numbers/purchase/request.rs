//! What a purchase asks for, read and checked.

use crate::api::numbers::purchase::PurchaseRequest;
use crate::app::problem::{Code, Problem};
use crate::domain::ids::{AccountId, AgentId, BusinessId, UserId};
use crate::domain::phone::E164;
use crate::domain::purchase::Papers;
use crate::provider::ProviderId;
use crate::provider::numbers::NumberKind;

const MAX_NAME_CHARS: usize = 100;
/// The longest id of a document, in bytes: a provider's ids have 36 at most.
const MAX_PAPER: usize = 64;

/// A purchase that is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) phone: E164,
    pub(super) country: String,
    pub(super) kind: NumberKind,
    pub(super) display_name: String,
    pub(super) business: Option<BusinessId>,
    pub(super) user: Option<UserId>,
    pub(super) agent: Option<AgentId>,
    pub(super) provider: Option<ProviderId>,
    pub(super) account: Option<AccountId>,
    pub(super) papers: Papers,
}

impl Wanted {
    pub(super) fn read(request: &PurchaseRequest) -> Result<Self, Problem> {
        let phone = request.phone_number.trim();
        let phone: E164 = phone.parse().map_err(|_| {
            Problem::new(Code::InvalidNumber)
                .and_field("phoneNumber", "must be a number in E.164 form, such as +14155550123")
        })?;
        let country = request.country_code.trim().to_ascii_uppercase();
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(Problem::field("countryCode", "must be two letters (ISO 3166)"));
        }
        let kind: NumberKind = request
            .number_type
            .parse()
            .map_err(|_| Problem::field("numberType", "must be local, tollFree or mobile"))?;
        // A toll-free number belongs to all countries of its plan.
        if kind != NumberKind::TollFree && phone.country().is_some_and(|known| known != country) {
            return Err(Problem::field("countryCode", "is not the country of this number"));
        }
        let display_name = request.display_name.trim();
        let sized = (1..=MAX_NAME_CHARS).contains(&display_name.chars().count());
        if !sized || display_name.chars().any(char::is_control) {
            return Err(Problem::field("displayName", "must have 1 to 100 characters, on one line"));
        }
        let no_agent = |_| Problem::new(Code::AgentNotFound).and_field("agentId", "names no agent of yours");
        let no_account = |_| {
            Problem::new(Code::ProviderNotFound).and_field("providerAccountId", "names no account of yours")
        };
        let no_provider = |_| Problem::field("provider", "must be twilio, signalwire, telnyx or retell");
        let papers: Papers = request.regulatory.as_ref().map(Into::into).unwrap_or_default();
        check_papers(&papers)?;
        Ok(Self {
            phone,
            country,
            kind,
            display_name: display_name.to_owned(),
            business: request.business_id.as_deref().map(|id| opaque("businessId", id)).transpose()?,
            user: request.user_id.as_deref().map(|id| opaque("userId", id)).transpose()?,
            agent: request.agent_id.as_deref().map(str::parse).transpose().map_err(no_agent)?,
            provider: request.provider.as_deref().map(str::parse).transpose().map_err(no_provider)?,
            account: request
                .provider_account_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(no_account)?,
            papers,
        })
    }
}

fn opaque<T: std::str::FromStr>(field: &str, id: &str) -> Result<T, Problem> {
    let message = "must have 1 to 128 letters, digits and . _ @ -";
    id.parse().map_err(|_| Problem::field(field, message))
}

fn check_papers(papers: &Papers) -> Result<(), Problem> {
    for (field, paper) in [
        ("regulatory.addressId", &papers.address),
        ("regulatory.bundleId", &papers.bundle),
        ("regulatory.identityId", &papers.identity),
        ("regulatory.requirementGroupId", &papers.requirement_group),
    ] {
        let is_id = |id: &str| {
            (1..=MAX_PAPER).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if paper.as_deref().is_some_and(|paper| !is_id(paper)) {
            return Err(Problem::field(field, "must be an id of the provider: letters, digits and -"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Wanted;
    use crate::api::numbers::purchase::PurchaseRequest;
    use crate::app::problem::Code;
    use crate::provider::numbers::NumberKind;

    fn read(changes: &serde_json::Value) -> Result<Wanted, (Code, String)> {
        let mut request = json!({
            "phoneNumber": "+14155550123", "displayName": "Front desk", "countryCode": "US",
            "numberType": "local",
        });
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        let request: PurchaseRequest = match serde_json::from_value(request) {
            Ok(request) => request,
            Err(error) => panic!("{error}"),
        };
        Wanted::read(&request).map_err(|problem| (problem.code(), problem.errors()[0].field.clone()))
    }

    #[test]
    fn a_purchase_is_read() {
        let wanted = read(&json!({
            "phoneNumber": "+18005550123", "countryCode": "ca", "numberType": "toll_free",
            "provider": "telnyx", "regulatory": {"requirementGroupId": "dbbd94ee-9079-488f-80ba-f566b247fd75"},
        }))
        .unwrap();
        assert_eq!((wanted.country.as_str(), wanted.kind), ("CA", NumberKind::TollFree));
        assert!(wanted.papers.requirement_group.is_some());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (changes, code, field) in [
            (json!({"phoneNumber": "4155550123"}), Code::InvalidNumber, "phoneNumber"),
            (json!({"phoneNumber": ""}), Code::InvalidNumber, "phoneNumber"),
            (json!({"countryCode": "USA"}), Code::ValidationFailed, "countryCode"),
            (json!({"countryCode": "GB"}), Code::ValidationFailed, "countryCode"),
            (json!({"numberType": "vanity"}), Code::ValidationFailed, "numberType"),
            (json!({"displayName": "  "}), Code::ValidationFailed, "displayName"),
            (json!({"displayName": "a\nb"}), Code::ValidationFailed, "displayName"),
            (json!({"displayName": "x".repeat(101)}), Code::ValidationFailed, "displayName"),
            (json!({"businessId": "a#b"}), Code::ValidationFailed, "businessId"),
            (json!({"userId": ""}), Code::ValidationFailed, "userId"),
            (json!({"agentId": "a b"}), Code::AgentNotFound, "agentId"),
            (json!({"provider": "pigeon"}), Code::ValidationFailed, "provider"),
            (json!({"providerAccountId": "a b"}), Code::ProviderNotFound, "providerAccountId"),
            (json!({"regulatory": {"addressId": "a/b"}}), Code::ValidationFailed, "regulatory.addressId"),
        ] {
            assert_eq!(read(&changes).unwrap_err(), (code, field.to_owned()), "{changes}");
        }
    }
}
