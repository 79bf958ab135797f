//! A request, read and authenticated.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method, header, request::Parts};

use super::{
    errors::ApiError,
    params::known_params,
    route::{self, Operation},
};
use crate::{
    model::{Account, AccountStatus, Provider},
    state::State,
};

pub(crate) struct Incoming {
    pub(crate) provider: Provider,
    pub(crate) operation: Option<Operation>,
    pub(crate) account: Option<String>,
    args: Vec<String>,
    /// The path with the API root, as `uri` members and error messages show it.
    pub(crate) uri_path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) get_with_body: bool,
    pub(crate) warnings: Vec<String>,
    credentials: Option<(String, String)>,
}

/// Whose credentials came with a request.
pub(crate) struct Login {
    pub(crate) sid: String,
    /// An API key, which may do less than the account's own token.
    pub(crate) by_key: bool,
}

impl Incoming {
    pub(crate) fn read(provider: Provider, path: &str, parts: &Parts, body: &[u8]) -> Self {
        let (path_only, json) = path.strip_suffix(".json").map_or((path, false), |path| (path, true));
        let segments: Vec<&str> = path_only.trim_start_matches('/').split('/').collect();
        let route = route::find(provider, &parts.method, &segments, json);
        let raw_query = parts.uri.query().unwrap_or_default();
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut warnings = Vec::new();
        let form = if body.is_empty() {
            Vec::new()
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            form_urlencoded::parse(body).into_owned().collect()
        } else {
            // These APIs read forms only; anything else arrives as no parameters at all.
            warnings.push(format!("body of type {content_type:?} was not read"));
            Vec::new()
        };
        let (operation, account, args) = match route {
            Some(route) => (Some(route.operation), route.account, route.args),
            None => (None, None, Vec::new()),
        };
        let query: Vec<(String, String)> =
            form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect();
        if let Some(known) = operation.and_then(|operation| known_params(provider, operation)) {
            for (name, _) in query.iter().chain(&form) {
                if !known.contains(&name.as_str()) {
                    warnings.push(format!("unknown parameter {name}"));
                }
            }
        }
        for (name, value) in &form {
            // Accepted as the providers accept it, but most likely a `+` that was not encoded.
            if matches!(name.as_str(), "To" | "From" | "PhoneNumber")
                && !value.starts_with('+')
                && !value.starts_with("sip:")
            {
                warnings.push(format!("{name} is not E.164: {value:?}"));
            }
        }
        Self {
            provider,
            operation,
            account,
            args,
            uri_path: format!("{}{path}", provider.api_root()),
            query,
            form,
            get_with_body: parts.method == Method::GET && !body.is_empty(),
            warnings,
            credentials: basic(&parts.headers),
        }
    }

    /// A form or query parameter; empty values count as given.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.form.iter().chain(&self.query).find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same, where an empty value means that it was left out.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.param(name).map(str::trim).filter(|value| !value.is_empty())
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn arg(&self, index: usize) -> &str {
        self.args.get(index).map(String::as_str).unwrap_or_default()
    }

    /// The most specific sid in the path.
    pub(crate) fn sid(&self) -> Option<&str> {
        self.args.last().map(String::as_str)
    }

    /// The path leads through a call.
    pub(crate) fn is_below_call(&self) -> bool {
        self.uri_path.contains("/Calls/")
    }

    /// The account in the path; operations that have none never ask.
    pub(crate) fn account(&self) -> &str {
        self.account.as_deref().unwrap_or_default()
    }

    /// HTTP Basic against the account in the path.
    pub(crate) fn log_in(&self, state: &State) -> Result<Login, ApiError> {
        let denied = || ApiError::unauthenticated(self.provider);
        let (user, password) = self.credentials.as_ref().ok_or_else(denied)?;
        let (owner, by_key) = state
            .accounts
            .values()
            .filter(|account| account.provider == self.provider)
            .find_map(|account| {
                let own = account.sid == *user
                    && (account.auth_token == *password || account.tokens.contains(password));
                let key = account.api_keys.iter().any(|key| key.sid == *user && key.secret == *password);
                (own || key).then_some((account, key))
            })
            .ok_or_else(denied)?;
        if let Some(sid) = &self.account {
            let target = state.accounts.get(sid).ok_or_else(|| ApiError::not_found(&self.uri_path))?;
            self.authorise(owner, by_key, target)?;
        }
        Ok(Login { sid: owner.sid.clone(), by_key })
    }

    fn authorise(&self, owner: &Account, by_key: bool, target: &Account) -> Result<(), ApiError> {
        let own = owner.sid == target.sid;
        // A main account's token reaches its subaccounts, its API keys do not (twilio.md, trap 8).
        let parent = target.owner_sid.as_ref() == Some(&owner.sid) && !by_key;
        if !own && !parent {
            return Err(ApiError::unauthenticated(self.provider));
        }
        let is_account = matches!(self.operation, Some(Operation::AccountsFetch | Operation::AccountsUpdate));
        if target.status != AccountStatus::Active && !is_account {
            // 20005 "account not active"; SignalWire 20010 "disabled for the account". HTTP status: not documented.
            return Err(match self.provider {
                Provider::Twilio => {
                    ApiError::new(401, 20005, format!("Account {} is not active", target.sid))
                }
                _ => ApiError::new(403, 20010, "The account is disabled"),
            });
        }
        Ok(())
    }
}

pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}
