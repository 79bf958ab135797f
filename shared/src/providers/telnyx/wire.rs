//! The JSON of API version 2, as far as it is read (OpenAPI, components). What is not listed is
//! ignored; what is listed may be absent unless Telnyx always sends it.

use serde::Deserialize;

use crate::domain::money::{Cost, Micros};

/// `{"data": …}`.
#[derive(Deserialize)]
pub(crate) struct Data<T> {
    pub(crate) data: T,
}

/// A refusal.
#[derive(Default, Deserialize)]
pub(crate) struct WireErrors {
    #[serde(default)]
    pub(crate) errors: Vec<WireError>,
}

/// One error of a refusal, or of a message.
#[derive(Deserialize)]
pub(crate) struct WireError {
    pub(crate) code: Option<Figure>,
    pub(crate) title: Option<String>,
    pub(crate) detail: Option<String>,
}

/// A figure that comes as a text or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Figure {
    /// As a text, which is what is documented.
    Text(String),
    /// As a whole number.
    Whole(i64),
    /// As a number with decimals. Printed it is the decimal that was written, up to 15 digits.
    Number(f64),
}

impl Figure {
    /// The figure as text.
    pub(crate) fn as_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// The figure as text.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(_) | Self::Number(_) => self.as_text(),
        }
    }
}

/// A party of a message.
#[derive(Deserialize)]
pub(crate) struct WireParty {
    pub(crate) phone_number: Option<String>,
    pub(crate) status: Option<String>,
}

/// The recipients: a list, and until 2019 a plain text (telnyx-ruby, webhook_test of that year).
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum WireRecipients {
    /// As it is documented.
    List(Vec<WireParty>),
    /// As it was.
    Plain(String),
}

impl WireRecipients {
    /// The recipients, in order.
    pub(crate) fn into_list(self) -> Vec<WireParty> {
        match self {
            Self::List(list) => list,
            Self::Plain(number) => vec![WireParty { phone_number: Some(number), status: None }],
        }
    }
}

/// An amount with its currency.
#[derive(Deserialize)]
pub(crate) struct WireCost {
    amount: Option<String>,
    currency: Option<String>,
}

impl WireCost {
    /// The cost, when it is one.
    pub(crate) fn read(&self) -> Option<Cost> {
        cost(self.amount.as_deref()?, self.currency.as_deref()?)
    }
}

/// An attachment.
#[derive(Deserialize)]
pub(crate) struct WireMedia {
    pub(crate) url: Option<String>,
    pub(crate) content_type: Option<String>,
}

/// A message.
#[derive(Deserialize)]
pub(crate) struct WireMessage {
    pub(crate) id: String,
    pub(crate) from: Option<WireParty>,
    pub(crate) to: Option<WireRecipients>,
    pub(crate) text: Option<String>,
    pub(crate) media: Option<Vec<WireMedia>>,
    pub(crate) parts: Option<u32>,
    pub(crate) cost: Option<WireCost>,
    pub(crate) received_at: Option<String>,
    pub(crate) errors: Option<Vec<WireError>>,
    pub(crate) autoresponse_type: Option<String>,
}

/// One page's place in a list.
#[derive(Default, Deserialize)]
pub(crate) struct WireMeta {
    pub(crate) total_pages: Option<u32>,
    pub(crate) page_number: Option<u32>,
}

/// A page of a list.
#[derive(Deserialize)]
pub(crate) struct WirePage<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) meta: WireMeta,
}

/// An amount in a currency: a decimal, and three letters.
pub(crate) fn cost(amount: &str, currency: &str) -> Option<Cost> {
    let digits = match amount.split_once('.') {
        Some(_) => amount.trim_end_matches('0').trim_end_matches('.'),
        None => amount,
    };
    let amount = Micros::parse_dollars(digits).ok()?;
    let currency = currency.to_ascii_uppercase();
    let is_currency = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    is_currency.then_some(Cost { amount, currency })
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn a_cost_is_read_exactly_or_not_at_all() {
        for (amount, currency, micros) in [
            ("0.0051", "USD", Some(5_100)),
            ("0.00510000", "usd", Some(5_100)),
            ("-3.20", "USD", Some(-3_200_000)),
            ("300", "EUR", Some(300_000_000)),
            ("0.0000", "USD", Some(0)),
            ("1e3", "USD", None),
            ("1", "", None),
            ("", "USD", None),
        ] {
            assert_eq!(cost(amount, currency).map(|cost| cost.amount.get()), micros, "{amount} {currency}");
        }
    }
}
