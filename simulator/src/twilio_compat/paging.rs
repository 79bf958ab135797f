//! Lists, a page at a time.

use form_urlencoded::Serializer;
use serde_json::{Map, Value, json};

use super::{Answer, errors::ApiError, request::Incoming};
use crate::model::Provider;

/// Both providers: 50 unless asked, 1000 at most.
const DEFAULT_SIZE: usize = 50;
const LARGEST_SIZE: usize = 1000;

/// The page that was asked for. A page token names the last item of the page before, so that items which arrive
/// in the meantime shift nothing.
pub(crate) fn page<'a, T: 'a>(
    incoming: &Incoming,
    items: impl Iterator<Item = &'a T>,
    sid: impl Fn(&T) -> &str,
    render: impl Fn(&T) -> Value,
    member: &str,
) -> Result<Answer, ApiError> {
    let items: Vec<&T> = items.collect();
    let size = match incoming.filled("PageSize").map(str::parse::<usize>) {
        None => DEFAULT_SIZE,
        Some(Ok(size)) if size > 0 => size.min(LARGEST_SIZE),
        Some(_) => return Err(bad_page(incoming.provider, 54454, "Invalid page size")),
    };
    let page = match incoming.filled("Page").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(page)) => page,
        Some(Err(_)) => return Err(bad_page(incoming.provider, 54453, "Invalid page number")),
    };
    let start = match incoming.filled("PageToken") {
        Some(token) => items
            .iter()
            .position(|item| token.strip_prefix("PA") == Some(sid(item)))
            .map(|last| last + 1)
            .ok_or_else(|| bad_page(incoming.provider, 54453, "Invalid PageToken"))?,
        None if page == 0 => 0,
        None => {
            let message = "A PageToken must be included if your Page value is larger than 0";
            return Err(bad_page(incoming.provider, 54453, message));
        }
    };
    let end = items.len().min(start + size);
    let shown = items.get(start..end).unwrap_or_default();
    let uri = |page: usize, before: usize| {
        let token =
            before.checked_sub(1).and_then(|last| items.get(last)).map(|item| format!("PA{}", sid(item)));
        page_uri(incoming, page, size, token)
    };
    let mut list = Map::new();
    list.insert(member.to_owned(), shown.iter().map(|item| render(item)).collect());
    list.insert("page".to_owned(), json!(page));
    list.insert("page_size".to_owned(), json!(size));
    list.insert("uri".to_owned(), json!(uri(page, start)));
    list.insert("first_page_uri".to_owned(), json!(uri(0, 0)));
    list.insert("next_page_uri".to_owned(), json!((end < items.len()).then(|| uri(page + 1, end))));
    list.insert(
        "previous_page_uri".to_owned(),
        json!(page.checked_sub(1).map(|page| uri(page, start.saturating_sub(size)))),
    );
    if incoming.provider == Provider::Twilio {
        list.insert("start".to_owned(), json!(page * size));
        list.insert("end".to_owned(), json!((page * size + shown.len()).saturating_sub(1)));
    }
    Ok(Answer::Json(200, Value::Object(list)))
}

/// SignalWire's codes are documented; Twilio's is not, 20001 ("unknown parameters") stands in.
fn bad_page(provider: Provider, signalwire: u32, message: &str) -> ApiError {
    match provider {
        Provider::Twilio => ApiError::bad(20001, message),
        _ => ApiError::bad(signalwire, message),
    }
}

fn page_uri(incoming: &Incoming, page: usize, size: usize, token: Option<String>) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in &incoming.query {
        if !matches!(name.as_str(), "Page" | "PageSize" | "PageToken") {
            query.append_pair(name, value);
        }
    }
    query.append_pair("PageSize", &size.to_string());
    query.append_pair("Page", &page.to_string());
    if let Some(token) = token {
        query.append_pair("PageToken", &token);
    }
    format!("{}?{}", incoming.uri_path, query.finish())
}
