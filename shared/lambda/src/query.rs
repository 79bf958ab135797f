//! Strict reading of query parameters.

use std::borrow::Cow;

use form_urlencoded::parse;
use telephony::app::problem::Problem;
use telephony::ports::PageRequest;

use crate::event::HttpRequest;

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;
/// Ours are far shorter.
const MAX_CURSOR: usize = 2048;

/// The parameters of a raw query, decoded, in their order. A `+` is a space, as in every form.
pub fn query_params(raw_query: &str) -> Vec<(String, String)> {
    parse(raw_query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The page that a list request wants: `limit` (1 to 100, default 25) and `cursor`.
///
/// # Errors
/// `VALIDATION_FAILED` naming the parameter.
pub fn page(request: &HttpRequest) -> Result<PageRequest, Problem> {
    Query::of(request).page()
}

/// The query parameters of a request.
#[derive(Clone, Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads them.
    pub fn of(request: &HttpRequest) -> Self {
        Self(query_params(request.raw_query.as_deref().unwrap_or_default()))
    }

    /// One parameter, decoded. `None` when it is absent.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when it is there more than once: which of them was meant is a guess.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Problem::field(name, "is given more than once")),
        }
    }

    /// Refuses what is not in `known`: a filter that is ignored would answer another question.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` naming every unknown parameter.
    pub fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let unknown = self.0.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        let problem = unknown.fold(None, |problem: Option<Problem>, (name, _)| {
            let message: Cow<'static, str> = Cow::Borrowed("is not a parameter of this request");
            Some(match problem {
                None => Problem::field(name, message),
                Some(problem) => problem.and_field(name, message),
            })
        });
        problem.map_or(Ok(()), Err)
    }

    /// `limit` and `cursor`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` naming the parameter.
    pub fn page(&self) -> Result<PageRequest, Problem> {
        let limit = match self.get("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| Problem::field("limit", "must be a whole number from 1 to 100"))?,
        };
        let cursor = self.get("cursor")?;
        if cursor.is_some_and(|cursor| cursor.is_empty() || cursor.len() > MAX_CURSOR) {
            return Err(Problem::field("cursor", "is not a cursor of this list"));
        }
        Ok(PageRequest { limit, cursor: cursor.map(ToOwned::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, query_params};

    fn query(raw: &str) -> Query {
        Query(query_params(raw))
    }

    #[test]
    fn parameters_keep_their_order_and_are_decoded_once() {
        let pairs = query_params("b=2&a=1&a=%2B&c=x+y&d=%252B&e");
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("b", "2"), ("a", "1"), ("a", "+"), ("c", "x y"), ("d", "%2B"), ("e", "")]);
    }

    #[test]
    fn pages_have_bounds() {
        let page = query("").page().unwrap();
        assert_eq!((page.limit, page.cursor), (25, None));
        let page = query("limit=100&cursor=abc").page().unwrap();
        assert_eq!((page.limit, page.cursor.as_deref()), (100, Some("abc")));
        for (raw, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=2.5", "limit"),
            ("limit=", "limit"),
            ("limit=1&limit=2", "limit"),
            ("cursor=", "cursor"),
        ] {
            let problem = query(raw).page().unwrap_err();
            assert_eq!((problem.status(), problem.errors()[0].field.as_str()), (400, field), "{raw}");
        }
        assert!(query(&format!("cursor={}", "x".repeat(5000))).page().is_err());
    }

    #[test]
    fn unknown_parameters_are_named() {
        assert!(query("a=1&b=2").only(&["a", "b"]).is_ok());
        let problem = query("a=1&x=2&y=3").only(&["a"]).unwrap_err();
        let fields: Vec<_> = problem.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["x", "y"]);
    }
}
