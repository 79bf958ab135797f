//! Twilio's webhooks.

use super::compat::webhook::{self, WebhookDialect};
use super::{config, dialect, status, verify};
use crate::domain::address::Address;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::account::ProviderAccount;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{
    Event, HttpReply, InboundText, KeyRole, Reply, VerificationKey, WebhookError, WebhookKind, Webhooks,
};

/// The receiving half of Twilio.
#[derive(Clone, Copy, Debug)]
pub struct TwilioWebhooks;

const DIALECT: WebhookDialect = WebhookDialect {
    is_account: config::is_account,
    provider: ProviderId::Twilio,
    callback_settings: dialect::CALLBACK_SETTINGS,
    is_message: config::is_message,
    transcribes: true,
    is_call: config::is_call,
    status: status::from_word,
    answers,
};

impl Webhooks for TwilioWebhooks {
    fn claims(&self, request: &InboundRequest) -> Vec<String> {
        webhook::claimed_account(request).into_iter().collect()
    }

    fn names(&self, account: &ProviderAccount) -> Vec<String> {
        account.config.get("account_sid").map(|id| id.expose().to_owned()).into_iter().collect()
    }

    /// Webhooks are signed with the primary auth token, never with an API key; when a secondary token
    /// is promoted the signing key flips at once, so the coming one is accepted beforehand
    /// (https://www.twilio.com/docs/iam/api/authtoken).
    fn keys(&self, account: &ProviderAccount) -> Vec<VerificationKey> {
        let Some(remote_id) = self.names(account).pop() else { return Vec::new() };
        [("auth_token", KeyRole::Current), ("next_auth_token", KeyRole::Next)]
            .into_iter()
            .filter_map(|(name, role)| {
                let secret = account.config.get(name)?.clone();
                Some(VerificationKey {
                    account: account.id.clone(),
                    remote_id: remote_id.clone(),
                    role,
                    secret,
                })
            })
            .collect()
    }

    /// The scheme carries no time, so a request cannot be stale: what arrives twice is told by its id.
    fn verify<'r>(
        &self,
        request: &'r InboundRequest,
        keys: &[VerificationKey],
        _now: Timestamp,
    ) -> Result<Verified<'r>, WebhookError> {
        verify::verify(request, webhook::claimed_account(request).as_deref(), keys)
    }

    fn parse(&self, request: &Verified<'_>, kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
        webhook::parse(&DIALECT, request, kind)
    }

    fn respond(&self, reply: Reply) -> HttpReply {
        webhook::respond(&DIALECT, &reply)
    }
}

/// Twilio answers a lone keyword on long codes
/// (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out, default keywords, and the
/// support article on stop words; the last two of the first row since 2025).
const LONG_CODE: [&str; 13] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT", //
    "START",
    "YES",
    "UNSTOP", //
    "HELP",
    "INFO",
];

/// Toll-free numbers are answered by the carriers' network, which knows fewer words (same article).
const TOLL_FREE: [&str; 3] = ["STOP", "START", "UNSTOP"];

/// The toll-free codes of the North American numbering plan (https://www.nanpa.com, toll-free).
const TOLL_FREE_CODES: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

fn answers(text: &InboundText, opt_out_type: Option<&str>) -> bool {
    if opt_out_type.is_some_and(|kind| !kind.is_empty()) {
        // Only set where Advanced Opt-Out has recognised a keyword, which it answers.
        return true;
    }
    let number = match &text.to {
        Address::Phone(number) => number.expose(),
        // Short codes are not answered by default, channels have no keywords.
        Address::ShortCode(_) | Address::Alphanumeric(_) | Address::Withheld | Address::Other(_) => {
            return false;
        }
    };
    let toll_free = TOLL_FREE_CODES.iter().any(|code| {
        number.len() == 12 && number.strip_prefix("+1").is_some_and(|rest| rest.starts_with(code))
    });
    let keywords: &[&str] = if toll_free { &TOLL_FREE } else { &LONG_CODE };
    keywords.iter().any(|keyword| text.body.trim().eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::answers;
    use crate::domain::address::Address;
    use crate::provider::webhooks::InboundText;

    #[test]
    fn twilio_answers_its_own_keywords_where_it_handles_them() {
        for (to, body, opt_out, answered) in [
            ("+14155550100", "STOP", None, true),
            ("+14155550100", " stop\n", None, true),
            ("+14155550100", "yes", None, true),
            ("+14155550100", "optout", None, true),
            ("+14155550100", "please stop", None, false),
            ("+14155550100", "STOP.", None, false),
            ("+18885550100", "STOP", None, true),
            ("+18885550100", "QUIT", None, false),
            ("+18885550100", "YES", None, false),
            ("12345", "STOP", None, false),
            ("12345", "STOP", Some("STOP"), true),
            ("+14155550100", "halt", Some("STOP"), true),
            ("+14155550100", "hello", Some(""), false),
            ("whatsapp:+14155550100", "STOP", None, false),
        ] {
            let text = InboundText {
                sid: "SM1".parse().unwrap(),
                from: Address::parse("+14155552671"),
                to: Address::parse(to),
                body: body.to_owned(),
                segments: None,
                media: Vec::new(),
                answered_by_provider: false,
            };
            assert_eq!(answers(&text, opt_out), answered, "{to} {body:?} {opt_out:?}");
        }
    }
}
