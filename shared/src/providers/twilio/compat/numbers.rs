//! The IncomingPhoneNumbers resource: the numbers that an account holds.

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde::Deserialize;

use super::Dialect;
use super::answer::{self, Listing};
use super::rest::{MAX_PAGES, PAGE_SIZE, Rest};
use crate::domain::ids::ProviderSid;
use crate::domain::phone::E164;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberSettings, NumberTransfers, NumberUrls, RemoteNumber, RemotePage,
};

/// What a number carries: Twilio's members are lower case, SignalWire's upper, but for `voice`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct WireCapabilities {
    #[serde(alias = "Voice")]
    voice: Option<bool>,
    #[serde(alias = "SMS")]
    sms: Option<bool>,
    #[serde(alias = "MMS")]
    mms: Option<bool>,
}

impl From<WireCapabilities> for NumberCapabilities {
    fn from(wire: WireCapabilities) -> Self {
        let has = |flag: Option<bool>| flag.unwrap_or_default();
        Self { voice: has(wire.voice), sms: has(wire.sms), mms: has(wire.mms) }
    }
}

/// A number (OpenAPI api_v2010, `api.v2010.account.incoming_phone_number`; SignalWire's compatibility
/// API, `IncomingPhoneNumber`).
#[derive(Debug, Deserialize)]
pub(super) struct WireNumber {
    sid: Option<String>,
    phone_number: Option<String>,
    friendly_name: Option<String>,
    capabilities: Option<WireCapabilities>,
    status: Option<String>,
    trunk_sid: Option<String>,
    voice_application_sid: Option<String>,
    voice_url: Option<String>,
    sms_application_sid: Option<String>,
    sms_url: Option<String>,
    status_callback: Option<String>,
}

/// The numbers of one account.
pub(crate) struct Numbers(pub(crate) Rest);

#[async_trait]
impl HeldNumbers for Numbers {
    /// `page` is what the provider calls the next page, believed again only if it is a page of this list.
    async fn list(&self, page: Option<&str>) -> Result<RemotePage<RemoteNumber>, ProviderError> {
        const OPERATION: &str = "list numbers";
        let url = match page {
            None => format!("{}?PageSize={PAGE_SIZE}", self.0.url(&self.numbers())),
            Some(page) => self
                .0
                .next_url(&self.numbers(), page)
                .ok_or_else(|| self.0.error(OPERATION, ErrorKind::InvalidRequest, Effect::NotSent))?,
        };
        let (items, next) = self.page(OPERATION, &url).await?;
        Ok(RemotePage { items, next })
    }

    /// The filter also finds numbers that only begin so, and what it finds is sifted.
    async fn find(&self, phone: &E164) -> Result<Option<RemoteNumber>, ProviderError> {
        const OPERATION: &str = "find number";
        let mut url = self.find_url(phone);
        for _ in 0..MAX_PAGES {
            let (items, next) = self.page(OPERATION, &url).await?;
            if let Some(number) = items.into_iter().find(|number| number.phone == *phone) {
                return Ok(Some(number));
            }
            // A page was checked to be one of this list.
            match next.and_then(|next| self.0.next_url(&self.numbers(), &next)) {
                None => return Ok(None),
                Some(next) => url = next,
            }
        }
        // A list that was cut short must not read as "it is not there".
        Err(self.0.error(OPERATION, ErrorKind::UnexpectedResponse, Effect::Unknown))
    }

    async fn configure(
        &self,
        sid: &ProviderSid,
        settings: &NumberSettings,
    ) -> Result<RemoteNumber, ProviderError> {
        const OPERATION: &str = "configure number";
        let form = Serializer::new(String::new()).extend_pairs(self.settings(settings)).finish();
        let answer = self.0.post(OPERATION, &self.number(OPERATION, sid)?, form).await?;
        let wire: WireNumber = answer::read_as(self.0.dialect, OPERATION, &[200], &answer)?;
        remote(&wire).ok_or_else(|| answer::unexpected(self.0.dialect, OPERATION, &answer))
    }

    fn shows(&self, number: &RemoteNumber, settings: &NumberSettings) -> bool {
        self.settings(settings).iter().all(|(name, wanted)| {
            let shown = match *name {
                "SmsUrl" => &number.messaging,
                "VoiceUrl" => &number.voice,
                "StatusCallback" => &number.status_callback,
                "FriendlyName" => &number.mark,
                // Written in the same request as the URLs.
                _ => return true,
            };
            shown.as_deref() == Some(wanted)
        })
    }

    async fn release(&self, sid: &ProviderSid) -> Result<(), ProviderError> {
        const OPERATION: &str = "release number";
        let url = self.number(OPERATION, sid)?;
        let answer = self.0.call(OPERATION, &Method::DELETE, &url, String::new()).await?;
        match answer.status().as_u16() {
            204 | 404 => Ok(()),
            200..=299 => Err(answer::unexpected(self.0.dialect, OPERATION, &answer)),
            _ => Err(answer::failed(self.0.dialect, OPERATION, &answer)),
        }
    }
}

/// The numbers of an account and of those below it.
pub(crate) struct Transfers {
    /// The way of the account above.
    pub(crate) rest: Rest,
    /// The setting that holds an account's id at the provider.
    pub(crate) account: &'static str,
}

#[async_trait]
impl NumberTransfers for Transfers {
    /// OpenAPI api_v2010, UpdateIncomingPhoneNumber, `AccountSid`
    /// (https://www.twilio.com/docs/iam/api/subaccounts#exchanging-numbers); SignalWire's compatibility API,
    /// `UpdateIncomingPhoneNumberRequest`, `AccountSid`: within one space.
    async fn transfer(
        &self,
        sid: &ProviderSid,
        from: &ProviderAccount,
        to: &ProviderAccount,
    ) -> Result<RemoteNumber, ProviderError> {
        const OPERATION: &str = "transfer number";
        let rest = &self.rest;
        let account = |account: &ProviderAccount| {
            let id = account.config.get(self.account).map(|id| id.expose().to_owned());
            id.ok_or_else(|| rest.error(OPERATION, ErrorKind::Config, Effect::NotSent))
        };
        let (from, to) = (account(from)?, account(to)?);
        let (from, to) = (rest.checked(OPERATION, &from)?, rest.checked(OPERATION, &to)?);
        let sid = rest.checked(OPERATION, sid.as_str())?;
        let url = rest.url(&format!("{}/{from}/IncomingPhoneNumbers/{sid}", rest.accounts()));
        let form = Serializer::new(String::new()).append_pair("AccountSid", to).finish();
        let answer = rest.post(OPERATION, &url, form).await?;
        let wire: WireNumber = answer::read_as(rest.dialect, OPERATION, &[200], &answer)?;
        remote(&wire).ok_or_else(|| answer::unexpected(rest.dialect, OPERATION, &answer))
    }
}

impl Numbers {
    pub(super) fn numbers(&self) -> String {
        self.0.resource("IncomingPhoneNumbers")
    }

    fn number(&self, operation: &'static str, sid: &ProviderSid) -> Result<String, ProviderError> {
        Ok(self.0.url(&format!("{}/{}", self.numbers(), self.0.checked(operation, sid.as_str())?)))
    }

    fn find_url(&self, phone: &E164) -> String {
        let mut filter = Serializer::new(String::new());
        filter.append_pair("PhoneNumber", phone.expose()).append_pair("PageSize", PAGE_SIZE);
        format!("{}?{}", self.0.url(&self.numbers()), filter.finish())
    }

    /// The numbers of a page that can be dialled, and the page after it.
    async fn page(
        &self,
        operation: &'static str,
        url: &str,
    ) -> Result<(Vec<RemoteNumber>, Option<String>), ProviderError> {
        let answer = self.0.get(operation, url).await?;
        let strange = || answer::unexpected(self.0.dialect, operation, &answer);
        let page: Listing<WireNumber> =
            answer::listing(self.0.dialect, operation, "incoming_phone_numbers", &answer)?;
        if page.next.as_ref().is_some_and(|next| self.0.next_url(&self.numbers(), next).is_none()) {
            return Err(strange());
        }
        let mut numbers = Vec::with_capacity(page.items.len());
        for wire in &page.items {
            let phone = wire.phone_number.as_deref().ok_or_else(strange)?;
            // A short code is held as well, and is none of ours.
            if phone.parse::<E164>().is_ok() {
                numbers.push(remote(wire).ok_or_else(strange)?);
            }
        }
        Ok((numbers, page.next))
    }

    /// What is written on a number. The fallback is the same place again: without it, a call whose
    /// document could not be had is lost.
    pub(super) fn settings(&self, settings: &NumberSettings) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(base) = &settings.webhooks {
            for (url, method, path) in [
                ("SmsUrl", "SmsMethod", "sms"),
                ("SmsFallbackUrl", "SmsFallbackMethod", "sms"),
                ("VoiceUrl", "VoiceMethod", "voice"),
                ("VoiceFallbackUrl", "VoiceFallbackMethod", "voice"),
                ("StatusCallback", "StatusCallbackMethod", "call-status"),
            ] {
                pairs.push((url, self.0.callback(base, path, "")));
                pairs.push((method, "POST".to_owned()));
            }
        }
        if let Some(mark) = &settings.mark {
            pairs.push(("FriendlyName", mark.clone()));
        }
        pairs
    }
}

/// Our URLs on a number, as [`Numbers::settings`] writes them.
pub(crate) fn urls(dialect: &Dialect, base: &str) -> NumberUrls {
    NumberUrls {
        voice: Some(dialect.callback(base, "voice", "")),
        messaging: Some(dialect.callback(base, "sms", "")),
        status_callback: Some(dialect.callback(base, "call-status", "")),
    }
}

/// `None`: a member is missing that every number has.
pub(super) fn remote(wire: &WireNumber) -> Option<RemoteNumber> {
    let set = |member: &Option<String>| member.clone().filter(|text| !text.is_empty());
    Some(RemoteNumber {
        sid: wire.sid.as_deref()?.parse().ok()?,
        phone: wire.phone_number.as_deref()?.parse().ok()?,
        capabilities: wire.capabilities.unwrap_or_default().into(),
        mark: set(&wire.friendly_name),
        // OpenAPI api_v2010, `incoming_phone_number`, `status`; SignalWire has none.
        active: set(&wire.status).is_none_or(|status| status == "in-use"),
        // A trunk comes before an application, and an application before a URL (OpenAPI api_v2010,
        // CreateIncomingPhoneNumber, `TrunkSid` and `VoiceApplicationSid`).
        voice: set(&wire.trunk_sid)
            .or_else(|| set(&wire.voice_application_sid))
            .or_else(|| set(&wire.voice_url)),
        messaging: set(&wire.sms_application_sid).or_else(|| set(&wire.sms_url)),
        status_callback: set(&wire.status_callback),
    })
}
