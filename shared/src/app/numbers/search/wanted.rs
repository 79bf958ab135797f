//! What a search asks for, read and checked.

use crate::api::numbers::search::SearchRequest;
use crate::app::problem::{Code, Problem};
use crate::domain::account::AccountRecord;
use crate::domain::ids::AccountId;
use crate::domain::phone::pattern::NumberPattern;
use crate::domain::price::PriceTable;
use crate::provider::ProviderId;
use crate::provider::numbers::{NumberCapabilities, NumberKind, NumberSearch};

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;
const KINDS: [NumberKind; 3] = [NumberKind::Local, NumberKind::TollFree, NumberKind::Mobile];

/// A search.
pub(super) struct Wanted {
    pub(super) search: NumberSearch,
    pub(super) provider: Option<ProviderId>,
    account: Option<AccountId>,
    pub(super) limit: usize,
}

impl Wanted {
    pub(super) fn read(request: &SearchRequest) -> Result<Self, Problem> {
        let country = country(&request.country_code)?;
        let kind = request.number_type.parse();
        let kind = kind.map_err(|_| Problem::field("numberType", "must be local, tollFree or mobile"))?;
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::field("limit", "must be a whole number from 1 to 100"));
        }
        let search = NumberSearch {
            area_code: request.area_code.as_deref().map(|code| area_code(code, &country)).transpose()?,
            contains: request.contains.as_deref().map(pattern).transpose()?,
            capabilities: capabilities(request.capabilities.as_deref())?,
            country,
            kind,
            limit,
        };
        let provider = request.provider.as_deref().map(str::parse).transpose();
        let account = request.provider_account_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            search,
            provider: provider
                .map_err(|_| Problem::field("provider", "must be twilio, signalwire, telnyx or retell"))?,
            // What cannot be an id is as wrong as one that nobody has.
            account: account.map_err(|_| no_account())?,
            limit: usize::try_from(limit).unwrap_or(1),
        })
    }

    /// The account that was named, among those within reach.
    pub(super) fn named<'a>(&self, known: &'a [AccountRecord]) -> Result<Option<&'a AccountRecord>, Problem> {
        let Some(id) = &self.account else { return Ok(None) };
        let record = known.iter().find(|record| record.id == *id).ok_or_else(no_account)?;
        if self.provider.is_some_and(|provider| provider != record.provider) {
            return Err(Problem::field("provider", "is not the provider of this account"));
        }
        Ok(Some(record))
    }

    /// Nothing is sold for which there is no price.
    pub(super) fn without_price(&self, prices: &PriceTable) -> Problem {
        let country = self.search.country.as_str();
        if KINDS.into_iter().any(|kind| prices.number_charge(country, kind).is_some()) {
            Problem::field("numberType", "has no price here for this country")
        } else {
            Problem::field("countryCode", "has no price here")
        }
    }
}

fn no_account() -> Problem {
    Problem::new(Code::ProviderNotFound).and_field("providerAccountId", "names no account of yours")
}

fn country(text: &str) -> Result<String, Problem> {
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(Problem::field("countryCode", "must be two letters (ISO 3166)"))
    }
}

fn area_code(text: &str, country: &str) -> Result<String, Problem> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let (fits, message) = if matches!(country, "US" | "CA") {
        (text.len() == 3 && !text.starts_with(['0', '1']), "must be three digits, the first of them 2 to 9")
    } else {
        ((1..=5).contains(&text.len()), "must be 1 to 5 digits")
    };
    if digits && fits { Ok(text.to_owned()) } else { Err(Problem::field("areaCode", message)) }
}

fn pattern(text: &str) -> Result<NumberPattern, Problem> {
    let message =
        "must be 2 to 16 digits, letters and asterisks, with at least two digits or letters in a row";
    text.parse().map_err(|_| Problem::field("contains", message))
}

fn capabilities(words: Option<&[String]>) -> Result<NumberCapabilities, Problem> {
    let mut wanted = NumberCapabilities::default();
    let Some(words) = words else { return Ok(wanted) };
    if words.is_empty() {
        return Err(Problem::field("capabilities", "must name at least one"));
    }
    for (n, word) in words.iter().enumerate() {
        match word.as_str() {
            "voice" => wanted.voice = true,
            "sms" => wanted.sms = true,
            "mms" => wanted.mms = true,
            _ => return Err(Problem::field(format!("capabilities[{n}]"), "must be one of voice, sms, mms")),
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{SearchRequest, Wanted};
    use crate::app::problem::{Code, Problem};
    use crate::domain::price::PriceTable;
    use crate::provider::numbers::NumberKind;

    fn request(changes: &Value) -> SearchRequest {
        let mut request = json!({"countryCode": "US", "numberType": "local"});
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        serde_json::from_value(request).unwrap()
    }

    fn wanted(changes: &Value) -> Wanted {
        Wanted::read(&request(changes)).ok().unwrap()
    }

    fn refused(changes: &Value) -> Problem {
        Wanted::read(&request(changes)).err().unwrap()
    }

    #[test]
    fn a_search_is_read() {
        let full = wanted(&json!({
            "countryCode": "gb", "numberType": "toll_free", "areaCode": "20", "contains": "FL*55",
            "capabilities": ["sms", "voice", "sms"], "provider": "telnyx", "limit": 100,
        }));
        assert_eq!((full.search.country.as_str(), full.search.kind), ("GB", NumberKind::TollFree));
        assert_eq!(full.search.contains.unwrap().as_str(), "35*55");
        let has = full.search.capabilities;
        assert_eq!((has.voice, has.sms, has.mms, full.limit), (true, true, false, 100));
        let plain = wanted(&json!({}));
        assert_eq!((plain.limit, plain.search.limit, plain.search.area_code), (25, 25, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (changes, field) in [
            (json!({"countryCode": "USA"}), "countryCode"),
            (json!({"countryCode": "U1"}), "countryCode"),
            (json!({"countryCode": "é"}), "countryCode"),
            (json!({"numberType": "Local"}), "numberType"),
            (json!({"numberType": "vanity"}), "numberType"),
            (json!({"areaCode": "41"}), "areaCode"),
            (json!({"areaCode": "115"}), "areaCode"),
            (json!({"areaCode": "4155"}), "areaCode"),
            (json!({"areaCode": "٤١٥"}), "areaCode"),
            (json!({"countryCode": "GB", "areaCode": ""}), "areaCode"),
            (json!({"countryCode": "GB", "areaCode": "020794"}), "areaCode"),
            (json!({"contains": "5*5"}), "contains"),
            (json!({"contains": "5550100&x"}), "contains"),
            (json!({"capabilities": []}), "capabilities"),
            (json!({"capabilities": ["sms", "fax"]}), "capabilities[1]"),
            (json!({"provider": "pigeon"}), "provider"),
            (json!({"limit": 0}), "limit"),
            (json!({"limit": 101}), "limit"),
        ] {
            let problem = refused(&changes);
            assert_eq!((problem.code(), problem.errors().len()), (Code::ValidationFailed, 1), "{changes}");
            assert_eq!(problem.errors()[0].field, field, "{changes}");
        }
        let problem = refused(&json!({"providerAccountId": "no such"}));
        assert_eq!((problem.code(), problem.status()), (Code::ProviderNotFound, 422));
    }

    #[test]
    fn what_has_no_price_is_said() {
        for (country, kind, field) in
            [("DE", "local", "countryCode"), ("IN", "mobile", "numberType"), ("AU", "tollFree", "numberType")]
        {
            let unsold = wanted(&json!({"countryCode": country, "numberType": kind}));
            let problem = unsold.without_price(PriceTable::bundled());
            assert_eq!((problem.status(), problem.errors()[0].field.as_str()), (400, field));
        }
    }
}
