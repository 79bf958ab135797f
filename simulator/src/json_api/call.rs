//! A request, read.

use http::{header, request::Parts};
use serde_json::{Map, Value};

use super::{Route, routes};
use crate::{
    model::{Account, Provider},
    state::State,
};

/// A request, read.
pub(crate) struct Call {
    pub(crate) provider: Provider,
    pub(crate) query: Vec<(String, String)>,
    /// An object; empty where there was no body.
    pub(crate) body: Map<String, Value>,
    /// Why the body could not be read.
    pub(crate) bad_body: Option<String>,
    bearer: Option<String>,
    pub(super) route: Option<&'static Route>,
    pub(super) args: Vec<String>,
    /// The account whose key came with the request.
    pub(crate) account: Option<String>,
}

impl Call {
    pub(super) fn read(state: &State, provider: Provider, path: &str, parts: &Parts, body: &[u8]) -> Self {
        let segments: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|segment| {
                // `+` stands for itself in a path.
                let segment = segment.replace('+', "%2B");
                form_urlencoded::parse(format!("={segment}").as_bytes())
                    .next()
                    .map(|(_, value)| value.into_owned())
                    .unwrap_or_default()
            })
            .collect();
        let found = routes(provider).iter().find_map(|route| {
            let args = matched(route.path, &segments)?;
            (route.method == parts.method).then_some((route, args))
        });
        let (route, args) = found.map_or((None, Vec::new()), |(route, args)| (Some(route), args));
        let (json, bad_body) = if body.is_empty() {
            (Map::new(), None)
        } else {
            match serde_json::from_slice::<Value>(body) {
                Ok(Value::Object(map)) => (map, None),
                Ok(_) => (Map::new(), Some("not an object".to_owned())),
                Err(error) => (Map::new(), Some(error.to_string())),
            }
        };
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .map(|key| key.trim().to_owned());
        let account = bearer.as_ref().and_then(|key| {
            let holds = |account: &&Account| {
                account.provider == provider
                    && (account.auth_token == *key
                        || account.tokens.contains(key)
                        || account.api_keys.iter().any(|known| known.secret == *key))
            };
            state.accounts.values().find(holds).map(|account| account.sid.clone())
        });
        Self {
            provider,
            query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            body: json,
            bad_body,
            bearer,
            route,
            args,
            account,
        }
    }

    pub(crate) fn operation(&self) -> Option<&'static str> {
        self.route.map(|route| route.operation)
    }

    /// Whether the request had a key at all.
    pub(crate) fn has_key(&self) -> bool {
        self.bearer.is_some()
    }

    /// The account; known once the key has been checked.
    pub(crate) fn account(&self) -> &str {
        self.account.as_deref().unwrap_or_default()
    }

    pub(crate) fn arg(&self, index: usize) -> &str {
        self.args.get(index).map(String::as_str).unwrap_or_default()
    }

    /// A query parameter that is not empty.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// A text member of the body that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.body.get(name).and_then(Value::as_u64)
    }

    /// The first text of the named members, also inside a list or a list of numbers to order.
    pub(super) fn party(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let value = self.body.get(*name)?;
            let value = value.as_array().map_or(Some(value), |list| list.first())?;
            value.as_str().or_else(|| value.get("phone_number")?.as_str())
        })
    }

    pub(super) fn params(&self) -> Vec<(String, String)> {
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let members = self.body.iter().map(|(name, value)| (name.clone(), shown(value)));
        self.query.iter().cloned().chain(members).collect()
    }
}

fn matched(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut args = Vec::new();
    let mut wanted = pattern.split('/');
    for segment in segments {
        match wanted.next()? {
            "{}" => args.push(segment.clone()),
            literal if literal == segment => {}
            _ => return None,
        }
    }
    wanted.next().is_none().then_some(args)
}
