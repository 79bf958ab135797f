//! The AvailablePhoneNumbers resource, and buying what is found there.

use async_trait::async_trait;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::answer::{self, Listing};
use super::numbers::{Numbers, WireCapabilities, WireNumber, remote};
use crate::domain::ids::ProviderSid;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberMarket, NumberOffer, NumberOrder, NumberSearch, Ordered,
};

/// The most numbers of one search (OpenAPI api_v2010, `PageSize`).
const MAX_OFFERS: u32 = 1000;

/// A number for sale (OpenAPI api_v2010, `available_phone_number_local` and the others; SignalWire's
/// compatibility API, `AvailablePhoneNumber`).
#[derive(Debug, Deserialize)]
struct WireOffer {
    phone_number: Option<String>,
    locality: Option<String>,
    region: Option<String>,
    address_requirements: Option<String>,
    capabilities: Option<WireCapabilities>,
}

#[async_trait]
impl NumberMarket for Numbers {
    async fn search(&self, search: &NumberSearch) -> Result<Vec<NumberOffer>, ProviderError> {
        const OPERATION: &str = "search numbers";
        let answer = self.0.get(OPERATION, &self.search_url(OPERATION, search)?).await?;
        let strange = || answer::unexpected(self.0.dialect, OPERATION, &answer);
        let page: Listing<WireOffer> =
            match answer::listing(self.0.dialect, OPERATION, "available_phone_numbers", &answer) {
                Ok(page) => page,
                // The country has no numbers of this kind.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
        let mut offers = Vec::new();
        for wire in page.items {
            let offer = offer(wire).ok_or_else(strange)?;
            // SignalWire takes filters and ignores them.
            if search.fits(&offer) {
                offers.push(offer);
            }
        }
        offers.truncate(search.limit.try_into().unwrap_or(usize::MAX));
        Ok(offers)
    }

    /// Both providers decide at once.
    async fn order(&self, order: &NumberOrder) -> Result<Ordered, ProviderError> {
        const OPERATION: &str = "order number";
        let answer =
            self.0.post(OPERATION, &self.0.url(&self.numbers()), self.order_form(OPERATION, order)?).await?;
        // OpenAPI api_v2010, CreateIncomingPhoneNumber; SignalWire's, create_incoming_phone_number.
        let wire: WireNumber = answer::read_as(self.0.dialect, OPERATION, &[201], &answer)?;
        match remote(&wire) {
            Some(number) if number.phone == order.phone => Ok(Ordered::Held(number)),
            Some(_) | None => Err(answer::unexpected(self.0.dialect, OPERATION, &answer)),
        }
    }

    /// The mark was given with the order, so that a number under another one was not sold by it.
    async fn find_order(&self, order: &NumberOrder) -> Result<Option<Ordered>, ProviderError> {
        let Some(number) = self.find(&order.phone).await? else { return Ok(None) };
        let ours = number.mark.is_some() && number.mark == order.settings.mark;
        let held_otherwise = || Ordered::Failed { reason: "held under another name".into(), papers: false };
        Ok(Some(if ours { Ordered::Held(number) } else { held_otherwise() }))
    }

    async fn order_state(&self, _order: &ProviderSid) -> Result<Ordered, ProviderError> {
        Err(self.0.unsupported("order state"))
    }
}

impl Numbers {
    fn search_url(&self, operation: &'static str, search: &NumberSearch) -> Result<String, ProviderError> {
        let wrong = || self.0.error(operation, ErrorKind::InvalidRequest, Effect::NotSent);
        let mut market = self.0.dialect.market.iter();
        let (_, kind) =
            market.find(|(kind, _)| *kind == search.kind).ok_or_else(|| self.0.unsupported(operation))?;
        let country = search.country.as_str();
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(wrong());
        }
        let mut query = Serializer::new(String::new());
        if let Some(code) = &search.area_code {
            if code.is_empty() || code.len() > 8 || !code.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong());
            }
            if has_area_codes(country) {
                query.append_pair("AreaCode", code);
            } else if search.contains.is_none() && code.len() > 1 {
                query.append_pair("Contains", code);
            }
        }
        if let Some(pattern) = &search.contains {
            // Twilio takes no asterisk between digits, SignalWire none at all.
            query.append_pair("Contains", pattern.longest_run());
        }
        let NumberCapabilities { voice, sms, mms } = search.capabilities;
        for (name, asked) in [("VoiceEnabled", voice), ("SmsEnabled", sms), ("MmsEnabled", mms)] {
            if asked {
                query.append_pair(name, "true");
            }
        }
        if self.0.dialect.market_pages {
            query.append_pair(
                "PageSize",
                &search.asked(has_area_codes(country)).clamp(1, MAX_OFFERS).to_string(),
            );
        }
        let list = self.0.url(&self.0.resource(&format!("AvailablePhoneNumbers/{country}/{kind}")));
        let query = query.finish();
        Ok(if query.is_empty() { list } else { format!("{list}?{query}") })
    }

    fn order_form(&self, operation: &'static str, order: &NumberOrder) -> Result<String, ProviderError> {
        let papers = &order.papers;
        if papers.requirement_group.is_some() {
            return Err(self.0.unsupported(operation));
        }
        // OpenAPI api_v2010, CreateIncomingPhoneNumber.
        let papers = [
            ("AddressSid", &papers.address),
            ("BundleSid", &papers.bundle),
            ("IdentitySid", &papers.identity),
        ];
        let mut form = Serializer::new(String::new());
        form.append_pair("PhoneNumber", order.phone.expose());
        for (name, value) in self.settings(&order.settings) {
            form.append_pair(name, &value);
        }
        for (name, value) in papers {
            match value {
                None => {}
                Some(_) if !self.0.dialect.papers => return Err(self.0.unsupported(operation)),
                Some(value) => {
                    form.append_pair(name, value);
                }
            }
        }
        Ok(form.finish())
    }
}

fn offer(wire: WireOffer) -> Option<NumberOffer> {
    let set = |text: Option<String>| text.filter(|text| !text.is_empty());
    Some(NumberOffer {
        phone: wire.phone_number?.parse().ok()?,
        capabilities: wire.capabilities.unwrap_or_default().into(),
        locality: set(wire.locality),
        region: set(wire.region),
        // What a number costs is told by a price list and not by a search.
        monthly: None,
        address_required: set(wire.address_requirements).is_some_and(|word| word != "none"),
    })
}

/// `AreaCode` is for these alone, at both providers.
fn has_area_codes(country: &str) -> bool {
    matches!(country, "US" | "CA")
}
