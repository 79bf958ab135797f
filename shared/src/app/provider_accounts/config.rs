//! Reading `config`: every member is known, has its type and its form, or is refused by name.

use crate::api::provider_management::{ConfigBody, ConfigValue};
use crate::app::problem::{Code, Problem};
use crate::domain::account::{AccountRecord, ConfigPatch};
use crate::domain::ids::AccountId;
use crate::domain::secret::Secret;
use crate::provider::registry::Setting;
use crate::provider::{Environment, account::AccountConfig};
use url::Url;

/// The longest value, in bytes: keys in PEM are the longest that there are.
const MAX_VALUE: usize = 4096;
const MAX_NAME_CHARS: usize = 100;

/// What a `config` wants.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// `Some(None)`: no name any more.
    pub(super) display_name: Option<Option<String>>,
    pub(super) priority: Option<u16>,
    pub(super) active: Option<bool>,
    pub(super) subaccount_of: Option<AccountId>,
    /// The provider's own settings; an empty text takes one away.
    pub(super) settings: ConfigPatch,
}

impl Change {
    /// Reads a `config` for a provider with these settings.
    pub(super) fn read(
        body: &ConfigBody,
        settings: &[Setting],
        environment: &Environment,
        adding: bool,
    ) -> Result<Self, Problem> {
        let mut change = Self::default();
        let mut wrong: Vec<(String, String)> = Vec::new();
        for (name, value) in &body.0 {
            if let Err(message) = change.take(name, value, settings, environment, adding) {
                wrong.push((format!("config.{name}"), message));
            }
        }
        refuse(wrong)?;
        Ok(change)
    }

    fn take(
        &mut self,
        name: &str,
        value: &ConfigValue,
        settings: &[Setting],
        environment: &Environment,
        adding: bool,
    ) -> Result<(), String> {
        match name {
            "display_name" => {
                let text = text(value)?.expose().trim();
                if text.chars().count() > MAX_NAME_CHARS || text.chars().any(char::is_control) {
                    return Err("must have at most 100 characters, on one line".into());
                }
                self.display_name = Some((!text.is_empty()).then(|| text.to_owned()));
            }
            "priority" => match value {
                ConfigValue::Number(number @ 1..=1000) => self.priority = u16::try_from(*number).ok(),
                _ => return Err("must be a whole number from 1 to 1000".into()),
            },
            "active" => match value {
                ConfigValue::Flag(active) => self.active = Some(*active),
                _ => return Err("must be true or false".into()),
            },
            "subaccount_of" if adding => {
                let id = text(value)?.expose().parse().map_err(|_| "is not the id of a provider account")?;
                self.subaccount_of = Some(id);
            }
            "subaccount_of" => return Err("can be given when an account is added only".into()),
            "certificate_id" => return Err("is not supported yet".into()),
            "api_base" => {
                let base = text(value)?;
                if !base.is_empty() && !may_be_base(base.expose(), environment) {
                    return Err("is for local stacks only, and must be a URL of this machine".into());
                }
                self.settings.set(name, base.clone());
            }
            _ => {
                let setting = settings.iter().find(|setting| setting.name == name);
                let setting = setting.ok_or("is not a setting of this provider")?;
                let value = text(value)?;
                let fits = (setting.is_valid)(value.expose()) && value.expose().len() <= MAX_VALUE;
                if !(value.is_empty() || fits) {
                    return Err(format!("must be {}", setting.expected));
                }
                self.settings.set(name, value.clone());
            }
        }
        Ok(())
    }

    /// What an account becomes.
    pub(super) fn onto(&self, account: &AccountRecord) -> AccountRecord {
        let mut after = account.clone();
        if let Some(name) = &self.display_name {
            after.display_name.clone_from(name);
        }
        after.priority = self.priority.unwrap_or(after.priority);
        after.active = self.active.unwrap_or(after.active);
        for (name, value) in self.settings.iter() {
            // Over what is deployed an empty text must be remembered: it hides what lies underneath.
            if value.is_empty() && after.deployed.is_none() {
                after.own.forget(name);
            } else {
                after.own.set(name, value.clone());
            }
        }
        after
    }
}

/// Refuses an account that lacks what nothing works without.
pub(super) fn complete(config: &AccountConfig, settings: &[Setting]) -> Result<(), Problem> {
    let missing = settings.iter().filter(|setting| setting.required && config.get(setting.name).is_none());
    refuse(missing.map(|setting| (format!("config.{}", setting.name), "is required".to_owned())).collect())
}

fn refuse(wrong: Vec<(String, String)>) -> Result<(), Problem> {
    if wrong.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(Code::ValidationFailed);
    Err(wrong.into_iter().fold(problem, |problem, (field, message)| problem.and_field(field, message)))
}

fn text(value: &ConfigValue) -> Result<&Secret, String> {
    match value {
        // Line ends occur in keys (PEM); nothing else that cannot be seen does.
        ConfigValue::Text(text) if text.expose().chars().any(|c| c.is_control() && c != '\n') => {
            Err("must be a text without control characters".into())
        }
        ConfigValue::Text(text) => Ok(text),
        ConfigValue::Nothing => Ok(nothing()),
        ConfigValue::Number(_) | ConfigValue::Flag(_) => Err("must be a text".into()),
    }
}

fn nothing() -> &'static Secret {
    static NOTHING: std::sync::OnceLock<Secret> = std::sync::OnceLock::new();
    NOTHING.get_or_init(|| Secret::new(""))
}

/// This machine, or an origin that the local stack trusts.
fn may_be_base(text: &str, environment: &Environment) -> bool {
    let Some(url) = Url::parse(text).ok().filter(|_| environment.local) else { return false };
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain && (loopback || environment.local_origins.contains(&url.origin().ascii_serialization()))
}

/// A secret as it may be shown: its last four characters, if it is long enough to lose them.
pub(super) fn masked(secret: &str) -> String {
    const SHOWN: usize = 4;
    let all = secret.chars().count();
    // Four of few would be most of it.
    if all < 4 * SHOWN {
        return "…".to_owned();
    }
    let tail: String = secret.chars().skip(all - SHOWN).collect();
    format!("…{tail}")
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
