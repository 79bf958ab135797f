//! The Accounts resource: the account itself, and accounts below it.

use form_urlencoded::Serializer;
use serde::Deserialize;

use super::answer::{self, Listing};
use super::rest::{MAX_PAGES, PAGE_SIZE, Rest};
use crate::domain::money::{Cost, Micros};
use crate::provider::account::AccountConfig;
use crate::provider::connection::AccountState;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::subaccounts::Subaccount;

/// An account (OpenAPI api_v2010, `api.v2010.account`; SignalWire's compatibility API, `Account`).
#[derive(Deserialize)]
pub(crate) struct WireAccount {
    pub(crate) sid: Option<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) owner_account_sid: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) auth_token: Option<String>,
    pub(crate) signing_key: Option<String>,
}

/// OpenAPI api_v2010, `api.v2010.account.balance`.
#[derive(Deserialize)]
struct WireBalance {
    balance: Option<String>,
    currency: Option<String>,
}

/// The accounts of one account, with how its credentials are written down.
pub(crate) struct Accounts {
    /// The way there.
    pub(crate) rest: Rest,
    /// What of an account's settings the provider tells with it.
    pub(crate) config: fn(&WireAccount) -> AccountConfig,
}

impl Accounts {
    /// The account's status.
    pub(crate) async fn state(&self) -> Result<AccountState, ProviderError> {
        const OPERATION: &str = "check";
        let url = self.rest.url(&format!("{}/{}", self.rest.accounts(), self.rest.account));
        let answer = self.rest.get(OPERATION, &url).await?;
        let wire: WireAccount = answer::read_as(self.rest.dialect, OPERATION, &[200], &answer)?;
        let status = wire.status.ok_or_else(|| answer::unexpected(self.rest.dialect, OPERATION, &answer))?;
        let active = status == "active";
        Ok(AccountState { balance: None, active, note: (!active).then_some(status) })
    }

    /// What is left, which only an account that may act is told.
    pub(crate) async fn balance(&self) -> Result<AccountState, ProviderError> {
        const OPERATION: &str = "check";
        let url = self.rest.url(&self.rest.resource("Balance"));
        let answer = self.rest.get(OPERATION, &url).await?;
        let wire: WireBalance = answer::read_as(self.rest.dialect, OPERATION, &[200], &answer)?;
        let cost = wire.balance.zip(wire.currency).and_then(|(amount, currency)| {
            Some(Cost { amount: decimal(&amount)?, currency: currency.to_ascii_uppercase() })
        });
        let balance = cost.ok_or_else(|| answer::unexpected(self.rest.dialect, OPERATION, &answer))?;
        Ok(AccountState { balance: Some(balance), active: true, note: None })
    }

    /// Opens an account.
    pub(crate) async fn open(&self, name: &str) -> Result<Subaccount, ProviderError> {
        const OPERATION: &str = "open subaccount";
        let form = Serializer::new(String::new()).append_pair("FriendlyName", name).finish();
        let answer = self.rest.post(OPERATION, &self.rest.url(&self.rest.accounts()), form).await?;
        // OpenAPI api_v2010, CreateAccount; SignalWire's compatibility API, create_subproject.
        let wire: WireAccount = answer::read_as(self.rest.dialect, OPERATION, &[201], &answer)?;
        self.subaccount(&wire).ok_or_else(|| answer::unexpected(self.rest.dialect, OPERATION, &answer))
    }

    /// The accounts of this name below this one.
    pub(crate) async fn find(&self, name: &str) -> Result<Vec<Subaccount>, ProviderError> {
        const OPERATION: &str = "find subaccounts";
        let mut found = Vec::new();
        let mut url = self.find_url(name);
        for _ in 0..MAX_PAGES {
            let answer = self.rest.get(OPERATION, &url).await?;
            let strange = || answer::unexpected(self.rest.dialect, OPERATION, &answer);
            let page: Listing<WireAccount> =
                answer::listing(self.rest.dialect, OPERATION, "accounts", &answer)?;
            for wire in &page.items {
                let account = self.subaccount(wire).ok_or_else(strange)?;
                // The list holds the account itself, and a filter may be ignored.
                let below = account.remote_id != self.rest.account
                    && wire.owner_account_sid.as_deref().is_none_or(|owner| owner == self.rest.account);
                if below && account.name == name {
                    found.push(account);
                }
            }
            match page.next {
                None => return Ok(found),
                Some(next) => url = self.rest.next_url(&self.rest.accounts(), &next).ok_or_else(strange)?,
            }
        }
        // A list that was cut short must not read as "it is not there".
        Err(self.rest.error(OPERATION, ErrorKind::UnexpectedResponse, Effect::Unknown))
    }

    /// Lets an account act, or stops it (OpenAPI api_v2010, UpdateAccount, `Status`).
    pub(crate) async fn set_active(&self, remote_id: &str, active: bool) -> Result<(), ProviderError> {
        const OPERATION: &str = "set subaccount";
        let id = self.rest.checked(OPERATION, remote_id)?;
        let url = self.rest.url(&format!("{}/{id}", self.rest.accounts()));
        let wanted = if active { "active" } else { "suspended" };
        let answer = self.rest.post(OPERATION, &url, format!("Status={wanted}")).await?;
        let wire: WireAccount = answer::read_as(self.rest.dialect, OPERATION, &[200], &answer)?;
        if wire.status.as_deref() == Some(wanted) {
            Ok(())
        } else {
            Err(answer::unexpected(self.rest.dialect, OPERATION, &answer))
        }
    }

    fn find_url(&self, name: &str) -> String {
        let mut filter = Serializer::new(String::new());
        filter.append_pair("FriendlyName", name).append_pair("PageSize", PAGE_SIZE);
        format!("{}?{}", self.rest.url(&self.rest.accounts()), filter.finish())
    }

    fn subaccount(&self, wire: &WireAccount) -> Option<Subaccount> {
        Some(Subaccount {
            remote_id: wire.sid.clone()?,
            name: wire.friendly_name.clone().unwrap_or_default(),
            active: wire.status.as_deref() == Some("active"),
            config: (self.config)(wire),
        })
    }
}

/// An amount with either sign; more than millionths of a cent are zeros or not money.
fn decimal(text: &str) -> Option<Micros> {
    let digits = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => text,
    };
    Micros::parse_dollars(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn a_balance_is_a_decimal() {
        for (text, micros) in [
            ("0.05", Some(50_000)),
            ("-3.1000000", Some(-3_100_000)),
            ("100", Some(100_000_000)),
            ("10.00", Some(10_000_000)),
            ("", None),
            ("1e3", None),
            ("much", None),
        ] {
            assert_eq!(decimal(text).map(|amount| amount.get()), micros, "{text}");
        }
    }
}
