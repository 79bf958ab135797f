//! Accounts as they are answered. Secrets stay inside.

use std::collections::BTreeMap;

use super::config::masked;
use crate::api::provider_management::{Balance, CapabilitiesBody, HealthBody, ProviderBody};
use crate::domain::account::{AccountRecord, AccountState, DEFAULT_PRIORITY, Owner};
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::registry::{self, Setting};

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn capabilities(provider: ProviderId) -> CapabilitiesBody {
    CapabilitiesBody::of(registry::capabilities(provider), registry::features(provider))
}

/// A provider that nobody has set up.
pub(super) fn unconfigured(provider: ProviderId) -> ProviderBody {
    ProviderBody {
        id: None,
        provider_type: provider.as_str(),
        configured: false,
        // `Debug` of the id is the provider's own spelling.
        display_name: format!("{provider:?}"),
        scope: None,
        priority: DEFAULT_PRIORITY,
        active: false,
        capabilities: capabilities(provider),
        balance: None,
        health: None,
        webhooks: None,
        config: None,
        next_key_first_used_at: None,
        parent_id: None,
        managed_numbers: None,
        created_at: None,
        updated_at: None,
    }
}

/// An account. `manages`: it is shown to somebody who manages it.
pub(super) fn shown(
    record: &AccountRecord,
    settings: &[Setting],
    manages: bool,
    numbers: Option<u64>,
) -> ProviderBody {
    let account = record.account();
    let unverifiable = registry::webhooks(record.provider).keys(&account).is_empty();
    let seen = record.next_key_used.is_some();
    let balance = record.last_test.as_ref().and_then(|test| test.balance.as_ref());
    let balance =
        balance.map(|cost| Balance { amount: cost.amount.to_string(), currency: cost.currency.clone() });
    let scope = match (&record.parent, &record.owner) {
        (Some(_), _) => "subaccount",
        (None, Owner::Platform) => "platform",
        (None, Owner::Tenant(_)) => "tenant",
    };
    ProviderBody {
        id: Some(record.id.to_string()),
        provider_type: record.provider.as_str(),
        configured: true,
        display_name: record.display_name.clone().unwrap_or_else(|| format!("{:?}", record.provider)),
        scope: Some(scope),
        priority: record.priority,
        active: record.active,
        capabilities: capabilities(record.provider),
        balance: balance.filter(|_| manages),
        health: Some(health(record, manages)),
        webhooks: Some(match (unverifiable, seen) {
            (true, _) => "unverifiable",
            (false, true) => "verified",
            (false, false) => "ready",
        }),
        config: manages.then(|| config(record, settings)),
        next_key_first_used_at: text(record.next_key_first_used_at()),
        parent_id: record.parent.as_ref().map(ToString::to_string),
        managed_numbers: numbers,
        created_at: text(record.created_at),
        updated_at: text(record.updated_at),
    }
}

fn health(record: &AccountRecord, manages: bool) -> HealthBody {
    let problem = record.last_test.as_ref().and_then(|test| test.problem.clone());
    let state = match (record.state, record.active, &record.last_test, &problem) {
        (AccountState::Opening, ..) => "opening",
        (AccountState::Open, false, ..) => "off",
        (AccountState::Open, true, None, _) => "unknown",
        (AccountState::Open, true, Some(_), None) => "ok",
        (AccountState::Open, true, Some(_), Some(_)) => "problem",
    };
    HealthBody {
        state,
        checked_at: text(record.last_test.as_ref().map(|test| test.at)),
        problem,
        note: record.last_test.as_ref().and_then(|test| test.note.clone()).filter(|_| manages),
    }
}

/// The settings. What this version does not know might be a secret, and is shown as one.
fn config(record: &AccountRecord, settings: &[Setting]) -> BTreeMap<String, String> {
    let open = |name: &str| {
        name == "api_base" || settings.iter().any(|setting| setting.name == name && !setting.secret)
    };
    let config = record.config();
    let show = |(name, value): (&str, &crate::domain::secret::Secret)| {
        let value = if open(name) { value.expose().to_owned() } else { masked(value.expose()) };
        (name.to_owned(), value)
    };
    config.iter().map(show).collect()
}
