//! Lists by page number: `page[number]`, from 1, and `page[size]` (OpenAPI, PageConsolidated).

use serde::de::DeserializeOwned;

use super::client::{Client, body, strange};
use super::wire::WirePage;
use crate::provider::error::ProviderError;

/// The most that a page may hold (OpenAPI, `page[size]` of numbers, recordings, call events and managed
/// accounts: maximum 250).
pub(crate) const PAGE_SIZE: u32 = 250;

/// How many pages are followed before a list counts as one that does not end.
const MAX_PAGES: u32 = 40;

/// One page, and the number of the next one.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<u32>,
}

/// Reads one page of a list. `query` is encoded, and may be empty.
pub(crate) async fn page<T: DeserializeOwned>(
    client: &Client,
    operation: &'static str,
    path: &str,
    query: &str,
    number: u32,
) -> Result<Page<T>, ProviderError> {
    let joint = if query.is_empty() { "" } else { "&" };
    let url = format!("{path}?{query}{joint}page%5Bnumber%5D={number}&page%5Bsize%5D={PAGE_SIZE}");
    let answer = client.call(operation, http::Method::GET, &url, None).await?;
    let wire: WirePage<T> = body(operation, &answer)?;
    let next = match (wire.meta.page_number, wire.meta.total_pages) {
        // Another page than was asked for would make a list without some of its entries.
        (Some(given), _) if given != number => return Err(strange(operation)),
        (_, Some(total)) => (number < total).then(|| number.saturating_add(1)),
        // Without a count: a full page may have a successor.
        (_, None) if wire.data.len() < PAGE_SIZE as usize => None,
        (_, None) => Some(number.saturating_add(1)),
    };
    Ok(Page { items: wire.data, next })
}

/// Reads a whole list. One that does not end is an error: cut short, it would read as complete.
pub(crate) async fn all<T: DeserializeOwned>(
    client: &Client,
    operation: &'static str,
    path: &str,
    query: &str,
) -> Result<Vec<T>, ProviderError> {
    let mut items = Vec::new();
    let mut number = 1;
    while number <= MAX_PAGES {
        let got = page(client, operation, path, query, number).await?;
        items.extend(got.items);
        match got.next {
            Some(next) => number = next,
            None => return Ok(items),
        }
    }
    Err(strange(operation))
}
