//! Numbers at a provider: those that an account holds, those for sale, and those that reach it over
//! a trunk.

use std::str::FromStr;

use async_trait::async_trait;

use super::account::ProviderAccount;
use super::error::ProviderError;
use crate::domain::ids::ProviderSid;
use crate::domain::money::Cost;
use crate::domain::phone::E164;
use crate::domain::phone::pattern::NumberPattern;
use crate::domain::purchase::Papers;
use crate::domain::secret::Secret;

/// What a number can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NumberCapabilities {
    /// Calls.
    pub voice: bool,
    /// SMS.
    pub sms: bool,
    /// MMS.
    pub mms: bool,
}

/// Which kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NumberKind {
    /// Of a place.
    Local,
    /// Free for the caller.
    TollFree,
    /// Of a mobile network.
    Mobile,
}

/// The word names no kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of number")]
pub struct UnknownKind;

impl FromStr for NumberKind {
    type Err = UnknownKind;

    /// The words of the contract, which takes `toll_free` as well.
    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        match word {
            "local" => Ok(Self::Local),
            "tollFree" | "toll_free" => Ok(Self::TollFree),
            "mobile" => Ok(Self::Mobile),
            _ => Err(UnknownKind),
        }
    }
}

/// A number that an account holds, as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteNumber {
    /// The provider's id of the holding.
    pub sid: ProviderSid,
    /// The number.
    pub phone: E164,
    /// What it carries.
    pub capabilities: NumberCapabilities,
    /// The mark that was written at the provider (friendly name, customer reference, nickname): what
    /// carries this stack's mark is ours to release.
    pub mark: Option<String>,
    /// It can be used now; false while an order or documents are pending.
    pub active: bool,
    /// Where its calls go: a URL, an application's or a connection's id.
    pub voice: Option<String>,
    /// Where its texts go: a URL, or a messaging profile's id.
    pub messaging: Option<String>,
    /// Where statuses of its calls go, where that is the number's own setting.
    pub status_callback: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePage<T> {
    /// The entries.
    pub items: Vec<T>,
    /// What to ask for next; opaque, and safe to keep for a later run. `None`: this was the last page.
    pub next: Option<String>,
}

/// Where a number's events are to go. Each adapter writes what its provider has a setting for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberSettings {
    /// What stands before `/api/` in our URLs; `None` leaves the URLs alone.
    pub webhooks: Option<String>,
    /// The mark.
    pub mark: Option<String>,
}

/// Our URLs on a number, as the provider wants them, for each thing that it has a setting for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberUrls {
    /// Where its calls are announced.
    pub voice: Option<String>,
    /// Where its texts are announced.
    pub messaging: Option<String>,
    /// Where the statuses of its calls are reported.
    pub status_callback: Option<String>,
}

/// The numbers that an account holds.
#[async_trait]
pub trait HeldNumbers: Send + Sync {
    /// One page of them, in an order that stays. `page` is the `next` of the page before.
    async fn list(&self, page: Option<&str>) -> Result<RemotePage<RemoteNumber>, ProviderError>;

    /// The holding of one number; `None`: this account does not hold it.
    async fn find(&self, phone: &E164) -> Result<Option<RemoteNumber>, ProviderError>;

    /// Points a number's events at us and marks it. Repeating it changes nothing.
    async fn configure(
        &self,
        sid: &ProviderSid,
        settings: &NumberSettings,
    ) -> Result<RemoteNumber, ProviderError>;

    /// Whether a number shows these settings, so that writing them would change nothing. False: it does
    /// not, or the provider's answer does not tell.
    fn shows(&self, _number: &RemoteNumber, _settings: &NumberSettings) -> bool {
        false
    }

    /// Gives a number back. One that is gone already is no error.
    async fn release(&self, sid: &ProviderSid) -> Result<(), ProviderError>;
}

/// Numbers that go from one account to another, as the account above them can have it.
#[async_trait]
pub trait NumberTransfers: Send + Sync {
    /// Moves a held number between this account and those below it, or among those. It may have another
    /// id afterwards. Not to be repeated blindly: where it took effect, the old account holds nothing.
    async fn transfer(
        &self,
        sid: &ProviderSid,
        from: &ProviderAccount,
        to: &ProviderAccount,
    ) -> Result<RemoteNumber, ProviderError>;
}

/// What to look for among numbers for sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSearch {
    /// ISO 3166.
    pub country: String,
    /// The kind.
    pub kind: NumberKind,
    /// The digits with which the national number begins, without a trunk prefix.
    pub area_code: Option<String>,
    /// What it looks like.
    pub contains: Option<NumberPattern>,
    /// What it must carry.
    pub capabilities: NumberCapabilities,
    /// At most this many.
    pub limit: u32,
}

/// The most offers that a provider is asked for when some are left out afterwards.
const SIFTED: u32 = 100;

impl NumberSearch {
    /// Whether an offer is what was searched for: providers ignore filters, or know less of them.
    pub fn fits(&self, offer: &NumberOffer) -> bool {
        let NumberCapabilities { voice, sms, mms } = self.capabilities;
        let has = offer.capabilities;
        let placed = |area: &str| offer.phone.national().is_some_and(|number| number.starts_with(area));
        (!voice || has.voice)
            && (!sms || has.sms)
            && (!mms || has.mms)
            && self.area_code.as_deref().is_none_or(placed)
            && self.contains.as_ref().is_none_or(|pattern| pattern.matches(&offer.phone))
    }

    /// How many offers to ask for: more than are wanted when the provider cannot be told all.
    /// `told`: it has a filter for the area code.
    pub fn asked(&self, told: bool) -> u32 {
        let sifted = self.contains.as_ref().is_some_and(NumberPattern::has_wildcards)
            || (self.area_code.is_some() && !told);
        if sifted { self.limit.max(SIFTED) } else { self.limit }
    }
}

/// A number for sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberOffer {
    /// The number.
    pub phone: E164,
    /// What it carries.
    pub capabilities: NumberCapabilities,
    /// The place.
    pub locality: Option<String>,
    /// The state or province.
    pub region: Option<String>,
    /// What the provider bills a month, where the search tells.
    pub monthly: Option<Cost>,
    /// An address must be shown.
    pub address_required: bool,
}

/// An order of one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberOrder {
    /// The number.
    pub phone: E164,
    /// Its webhooks and our mark, set in the same request where the provider can.
    pub settings: NumberSettings,
    /// Documents registered at the provider.
    pub papers: Papers,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// The number is held.
    Held(RemoteNumber),
    /// The provider will say later; ask for this order, or wait for its webhook.
    Pending {
        /// The provider's id of the order.
        order: ProviderSid,
    },
    /// It failed.
    Failed {
        /// The provider's word.
        reason: String,
        /// For want of an address or documents.
        papers: bool,
    },
}

/// What a provider reports about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReport {
    /// The provider's id of the event.
    pub event_id: Option<String>,
    /// The order.
    pub order: ProviderSid,
    /// The numbers of the order, with what became of each: `Some(true)` held, `Some(false)` failed,
    /// `None` pending.
    pub numbers: Vec<(E164, Option<bool>)>,
    /// The mark that was given with the order.
    pub mark: Option<String>,
}

/// Numbers for sale.
#[async_trait]
pub trait NumberMarket: Send + Sync {
    /// Searches. Only numbers that fit are returned, also where the provider offers others.
    async fn search(&self, search: &NumberSearch) -> Result<Vec<NumberOffer>, ProviderError>;

    /// Orders one number. Called at most once per purchase: after an unknown effect,
    /// [`NumberMarket::find_order`] says what happened.
    async fn order(&self, order: &NumberOrder) -> Result<Ordered, ProviderError>;

    /// What became of an order whose answer was lost, by its number and its mark; it never orders. The
    /// number is held under this mark, or the order is pending, or it failed (also: the number is held
    /// under another mark, so that it was somebody else's order). `None`: nothing of it is to be seen; it
    /// may still be under way.
    async fn find_order(&self, order: &NumberOrder) -> Result<Option<Ordered>, ProviderError>;

    /// What became of a pending order.
    async fn order_state(&self, order: &ProviderSid) -> Result<Ordered, ProviderError>;
}

/// A number of another provider that is to be reached over a SIP trunk.
#[derive(Clone, Debug)]
pub struct TrunkNumber {
    /// The number.
    pub phone: E164,
    /// The trunk's address at the other provider (`name.pstn.twilio.com`).
    pub termination_uri: String,
    /// The trunk's user.
    pub user: Option<Secret>,
    /// The trunk's password.
    pub password: Option<Secret>,
    /// The agent that answers.
    pub inbound_agent: Option<String>,
    /// The agent that calls.
    pub outbound_agent: Option<String>,
    /// Where inbound calls are looked up: our URL.
    pub lookup_url: Option<String>,
    /// The mark.
    pub mark: Option<String>,
}

/// Numbers that reach the provider over a trunk.
#[async_trait]
pub trait TrunkNumbers: Send + Sync {
    /// Makes the number known. One that is known already is no error when it is the same.
    async fn import(&self, number: &TrunkNumber) -> Result<RemoteNumber, ProviderError>;
}
