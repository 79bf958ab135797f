//! A tenant's number in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::money::Dollars;
use crate::api::provider_management::ChannelsBody;
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::provider::numbers::NumberUrls;
use crate::provider::registry;

/// A number.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberBody {
    /// Its id. A number that is acquired again gets another one.
    pub id: String,
    /// In E.164.
    pub phone_number: String,
    /// `pending`, `active`, `suspended`, `moving`, `releasing` or `released`.
    pub status: &'static str,
    /// The provider that holds it.
    pub provider: &'static str,
    /// The provider's id of it, where it is known.
    pub provider_sid: Option<String>,
    /// The provider account that holds it.
    pub provider_account_id: String,
    /// Who carries its calls; `null` when nobody does.
    pub voice: Option<BindingBody>,
    /// Who carries its texts; `null` when nobody does.
    pub messaging: Option<BindingBody>,
    /// The business that it is assigned to.
    pub business_id: Option<String>,
    /// The user that it is assigned to.
    pub user_id: Option<String>,
    /// The agent that answers it.
    pub agent_id: Option<String>,
    /// Rules of who answers when (none, until they are built).
    pub routes: Vec<RouteBody>,
    /// What you call it.
    pub display_name: String,
    /// ISO 3166.
    pub country_code: Option<String>,
    /// `local`, `tollFree` or `mobile`; of what was entered by hand also `international` or `vanity`.
    pub number_type: Option<&'static str>,
    /// The number of its business that sends when nothing else decides.
    pub is_primary: bool,
    /// Switched on. A number that is switched off receives and does not send.
    pub is_active: bool,
    /// What you are charged for it a month, in dollars; `null`: nothing.
    pub monthly_cost: Option<Dollars>,
    /// When it was bought.
    pub purchase_date: Option<String>,
    /// When it was given back.
    pub released_at: Option<String>,
    /// What it carries.
    pub capabilities: ChannelsBody,
    /// The same in words: `voice`, `sms`, `mms`.
    pub features: Vec<&'static str>,
    /// Where its calls are to be announced: set by us on numbers that we bought, by hand on others.
    pub voice_url: Option<String>,
    /// Where its texts are to be announced.
    pub sms_url: Option<String>,
    /// Where the statuses of its calls are to be reported, where that is a setting of a number.
    pub status_callback_url: Option<String>,
    /// Your notes.
    pub notes: Option<String>,
    /// It was bought here, and is ours to configure and to give back.
    pub managed: bool,
    /// Why its last move came to nothing, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub move_refused: Option<MoveRefusedBody>,
    /// Since when it is held.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// Who carries one channel of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingBody {
    /// The provider.
    pub provider: &'static str,
    /// The provider account.
    pub provider_account_id: String,
    /// The provider's id of the number there, where it is known.
    pub binding_id: Option<String>,
}

/// A move that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoveRefusedBody {
    /// In words.
    pub reason: String,
    /// When it was given up.
    pub at: String,
}

/// A rule of who answers when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteBody {
    /// The agent.
    pub agent_id: String,
}

impl NumberBody {
    /// The number, with the URLs of a deployment whose paths begin after `base`.
    pub fn new(number: &PhoneNumber, base: &str) -> Self {
        let holding = &number.holding;
        let capabilities = ChannelsBody { voice: number.voice, sms: number.sms, mms: number.mms };
        let urls = urls(number, base);
        Self {
            id: number.id.to_string(),
            phone_number: number.phone.expose().to_owned(),
            status: number.status.as_str(),
            provider: number.provider.as_str(),
            provider_sid: number.sid.as_ref().map(ToString::to_string),
            provider_account_id: number.account.to_string(),
            voice: voice(number),
            messaging: (number.sms || number.mms).then(|| own(number)),
            business_id: holding.business.as_ref().map(ToString::to_string),
            user_id: number.user.as_ref().map(ToString::to_string),
            agent_id: number.agent.as_ref().map(ToString::to_string),
            routes: Vec::new(),
            display_name: number.display_name.clone(),
            country_code: holding.country.clone(),
            number_type: number.kind_word(),
            is_primary: number.is_primary,
            is_active: number.is_active,
            monthly_cost: holding.monthly_charge.map(Dollars::from),
            purchase_date: holding.purchased_at.map(|at| at.to_string()),
            released_at: holding.released_at.map(|at| at.to_string()),
            capabilities,
            features: [("voice", number.voice), ("sms", number.sms), ("mms", number.mms)]
                .into_iter()
                .filter_map(|(word, has)| has.then_some(word))
                .collect(),
            voice_url: urls.voice,
            sms_url: urls.messaging,
            status_callback_url: urls.status_callback,
            notes: holding.notes.clone(),
            managed: number.is_managed(),
            move_refused: holding.move_refused.as_ref().map(|refused| MoveRefusedBody {
                reason: refused.reason.clone(),
                at: refused.at.to_string(),
            }),
            created_at: number.created_at.to_string(),
            updated_at: holding.updated_at.unwrap_or(number.created_at).to_string(),
        }
    }
}

fn own(number: &PhoneNumber) -> BindingBody {
    BindingBody {
        provider: number.provider.as_str(),
        provider_account_id: number.account.to_string(),
        binding_id: number.sid.as_ref().map(ToString::to_string),
    }
}

fn voice(number: &PhoneNumber) -> Option<BindingBody> {
    match &number.voice_via {
        Some(via) => Some(BindingBody {
            provider: via.provider.as_str(),
            provider_account_id: via.account.to_string(),
            binding_id: via.sid.as_ref().map(ToString::to_string),
        }),
        None => number.voice.then(|| own(number)),
    }
}

/// The URLs of each channel's provider. A number that was given back has none.
fn urls(number: &PhoneNumber, base: &str) -> NumberUrls {
    if number.status == NumberStatus::Released {
        return NumberUrls::default();
    }
    let own = registry::number_urls(number.provider)(base);
    match &number.voice_via {
        Some(via) => {
            let calls = registry::number_urls(via.provider)(base);
            NumberUrls { messaging: own.messaging, ..calls }
        }
        None => own,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::NumberBody;
    use crate::domain::number::{Holding, NumberStatus, PhoneNumber, VoiceBinding};
    use crate::domain::timestamp::Timestamp;
    use crate::provider::ProviderId;

    fn number() -> PhoneNumber {
        serde_json::from_value(json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "tenant": "demo", "phone": "+14155550100",
            "provider": "twilio", "account": "platform-twilio", "sid": "PN1",
            "display_name": "Desk", "is_active": true, "is_primary": false, "sms": true, "mms": false,
            "created_at": Timestamp::from_millis(1_763_700_000_000),
        }))
        .unwrap()
    }

    #[test]
    fn a_number_has_the_members_of_the_contract_and_no_others() {
        let body = to_value(NumberBody::new(&number(), "https://x.test")).unwrap();
        let own = json!({"provider": "twilio", "providerAccountId": "platform-twilio", "bindingId": "PN1"});
        assert_eq!(
            body,
            json!({
                "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "phoneNumber": "+14155550100", "status": "active",
                "provider": "twilio", "providerSid": "PN1", "providerAccountId": "platform-twilio",
                "voice": own, "messaging": own, "businessId": null, "userId": null, "agentId": null,
                "routes": [], "displayName": "Desk", "countryCode": null, "numberType": null,
                "isPrimary": false, "isActive": true, "monthlyCost": null, "purchaseDate": null,
                "releasedAt": null, "capabilities": {"voice": true, "sms": true, "mms": false},
                "features": ["voice", "sms"],
                "voiceUrl": "https://x.test/api/webhooks/twilio/voice#rc=2&rp=5xx,ct,rt",
                "smsUrl": "https://x.test/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt",
                "statusCallbackUrl": "https://x.test/api/webhooks/twilio/call-status#rc=2&rp=5xx,ct,rt",
                "notes": null, "managed": false, "createdAt": "2025-11-21T04:40:00.000Z",
                "updatedAt": "2025-11-21T04:40:00.000Z",
            })
        );
    }

    #[test]
    fn calls_over_a_trunk_have_their_own_binding_and_urls() {
        let via = VoiceBinding {
            provider: ProviderId::Retell,
            account: "acme-retell".parse().unwrap(),
            sid: Some("14155550100".parse().unwrap()),
        };
        let number = PhoneNumber { voice_via: Some(via), ..number() };
        let body = to_value(NumberBody::new(&number, "https://x.test")).unwrap();
        assert_eq!(
            body["voice"],
            json!({"provider": "retell", "providerAccountId": "acme-retell", "bindingId": "14155550100"})
        );
        assert_eq!(body["messaging"]["provider"], "twilio");
        assert_eq!(body["voiceUrl"], "https://x.test/api/webhooks/retell");
        assert_eq!(body["statusCallbackUrl"], json!(null));
        assert_eq!(body["smsUrl"], "https://x.test/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt");
    }

    #[test]
    fn a_number_that_was_given_back_is_reached_nowhere() {
        let holding = Holding {
            mark: Some("tandem:x:1".into()),
            monthly_charge: Some(crate::domain::money::Micros::new(1_500_000)),
            ..Holding::default()
        };
        let number = PhoneNumber { status: NumberStatus::Released, holding, ..number() };
        let body = serde_json::to_string(&NumberBody::new(&number, "https://x.test")).unwrap();
        for part in [
            r#""voiceUrl":null,"smsUrl":null,"statusCallbackUrl":null"#,
            r#""managed":true"#,
            r#""monthlyCost":1.5,"#,
        ] {
            assert!(body.contains(part), "{part} in {body}");
        }
    }
}
