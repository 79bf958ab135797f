//! Who calls: the claims of a token that the gateway's authorizer has checked, and nothing else. No
//! header is read here.

use std::fmt::Write;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::{TenantId, UserId};
use telephony::ports::Clients;

use crate::config::{ConfigError, Settings};
use crate::event::HttpRequest;

const ADMIN: &str = "admin";
const TENANT_ADMIN: &str = "tenant-admin";
/// The one tenant of a stack that is deployed for one.
const ONLY_TENANT: &str = "default";

/// How claims are named, and whether there is more than one tenant.
#[derive(Clone, Debug)]
pub struct ClaimNames {
    tenant: String,
    groups: String,
    single_tenant: bool,
}

impl ClaimNames {
    /// From `TENANT_CLAIM`, `GROUPS_CLAIM` and `SINGLE_TENANT`.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when `SINGLE_TENANT` is neither `true` nor `false`.
    pub fn of(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            tenant: settings.optional("TENANT_CLAIM").unwrap_or("custom:tenant_id").to_owned(),
            groups: settings.optional("GROUPS_CLAIM").unwrap_or("cognito:groups").to_owned(),
            single_tenant: settings.switch("SINGLE_TENANT")?,
        })
    }
}

/// Who calls, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The tenant that the token speaks for.
    pub tenant: TenantId,
    /// The token's subject.
    pub user: UserId,
    /// The platform itself.
    pub admin: bool,
    /// May buy, release and configure for the tenant. [`Principal::require_tenant_admin`] lets the
    /// platform through as well.
    pub tenant_admin: bool,
}

impl Principal {
    /// Reads the caller of a request. One read, and that only for a machine client.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without checked claims or subject, `FORBIDDEN` without a usable tenant, and
    /// whatever the store fails with.
    pub async fn of(
        request: &HttpRequest,
        names: &ClaimNames,
        clients: &dyn Clients,
    ) -> Result<Self, Problem> {
        let claims = request.claims.as_ref().ok_or(Problem::new(Code::Unauthenticated))?;
        let subject = text(claims, "sub").ok_or(Problem::new(Code::Unauthenticated))?;
        let claimed = match text(claims, &names.tenant) {
            Some(claimed) => Some(claimed.parse::<TenantId>().map_err(|_| no_tenant())?),
            None => None,
        };
        // A machine's token has its client as subject, and neither tenant nor groups; a person's
        // access token carries a client id too, but never as its subject.
        let is_machine = claimed.is_none() && text(claims, "client_id") == Some(subject);
        let roles = if is_machine { scopes(claims) } else { groups(claims.get(&names.groups)) };
        let tenant = match claimed {
            Some(tenant) => tenant,
            None if names.single_tenant => ONLY_TENANT.parse().map_err(Problem::internal)?,
            None if is_machine => clients.tenant_of(subject).await?.ok_or_else(no_tenant)?,
            None => return Err(no_tenant()),
        };
        let has = |role: &str| roles.iter().any(|held| held == role);
        Ok(Self { tenant, user: user_id(subject)?, admin: has(ADMIN), tenant_admin: has(TENANT_ADMIN) })
    }

    /// The tenant that a request is about: the caller's own, or, for the platform, the one that
    /// `tenantId` names.
    ///
    /// # Errors
    /// `FORBIDDEN` when anybody else names a tenant that is not theirs; `VALIDATION_FAILED` when the
    /// platform names what is no tenant id.
    pub fn for_tenant(&self, requested: Option<&str>) -> Result<TenantId, Problem> {
        match requested {
            None => Ok(self.tenant.clone()),
            Some(own) if own == self.tenant.as_str() => Ok(self.tenant.clone()),
            Some(other) if self.admin => {
                other.parse().map_err(|_| Problem::field("tenantId", "is not a tenant id"))
            }
            Some(_) => {
                Err(Problem::new(Code::Forbidden).with_detail("Only the platform may name another tenant."))
            }
        }
    }

    /// Lets only the platform through.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn require_admin(&self) -> Result<(), Problem> {
        if self.admin { Ok(()) } else { Err(missing_role(ADMIN)) }
    }

    /// Lets the tenant's administrators and the platform through.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn require_tenant_admin(&self) -> Result<(), Problem> {
        if self.admin || self.tenant_admin { Ok(()) } else { Err(missing_role(TENANT_ADMIN)) }
    }
}

fn no_tenant() -> Problem {
    Problem::new(Code::Forbidden).with_detail("The token names no tenant.")
}

fn missing_role(role: &str) -> Problem {
    Problem::new(Code::Forbidden).with_detail(format!("This needs the role {role}."))
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The groups, as whole words. A list stays a list; an HTTP API writes it as `[a b]`, a REST API as
/// `a,b`. Quotes are not taken off and nothing is trimmed: a group whose name merely looks like a
/// role is not that role.
fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(groups)) => {
            groups.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        }
        Some(Value::String(text)) => {
            let inner = text.strip_prefix('[').unwrap_or(text);
            let inner = inner.strip_suffix(']').unwrap_or(inner);
            let words = inner.split([' ', ',']).filter(|word| !word.is_empty());
            words.map(ToOwned::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// A machine's roles: the last segment of each scope (`https://api.example.com/admin` → `admin`).
fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    let words = text(claims, "scope").unwrap_or_default().split(' ');
    words.filter_map(|scope| scope.rsplit('/').next()).map(ToOwned::to_owned).collect()
}

/// A subject as a user id. Cognito's fit as they are. Other issuers use characters that our ids do
/// not have (`auth0|5f7c…`): such a subject is known by its hash.
fn user_id(subject: &str) -> Result<UserId, Problem> {
    if let Ok(id) = subject.parse() {
        return Ok(id);
    }
    let mut id = String::from("sub-");
    for byte in Sha256::digest(subject.as_bytes()).iter().take(20) {
        // Writing to a `String` cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id.parse().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{groups, user_id};

    #[test]
    fn groups_are_whole_words_in_every_spelling() {
        for (claim, words) in [
            (json!("[admin]"), vec!["admin"]),
            (json!("[a b]"), vec!["a", "b"]),
            (json!("[a admin-x]"), vec!["a", "admin-x"]),
            (json!("[]"), vec![]),
            (json!(""), vec![]),
            (json!("admin"), vec!["admin"]),
            (json!("a,tenant-admin"), vec!["a", "tenant-admin"]),
            (json!("[[admin]]"), vec!["[admin]"]),
            (json!("[\"admin\"]"), vec!["\"admin\""]),
            (json!("[Admin  x]"), vec!["Admin", "x"]),
            (json!(["admin", "b c"]), vec!["admin", "b c"]),
            (json!([1, null, "x"]), vec!["x"]),
            (json!({"admin": true}), vec![]),
            (json!(true), vec![]),
            (Value::Null, vec![]),
        ] {
            assert_eq!(groups(Some(&claim)), words, "{claim}");
        }
        assert!(groups(None).is_empty());
    }

    #[test]
    fn every_subject_is_a_user_and_two_are_never_the_same() {
        assert_eq!(user_id("0d9f-1").unwrap().as_str(), "0d9f-1");
        let (one, two) = (user_id("auth0|1").unwrap(), user_id("auth0|2").unwrap());
        assert_ne!(one, two);
        assert_eq!(one, user_id("auth0|1").unwrap());
        assert!(user_id(&"x".repeat(5000)).is_ok());
    }
}
