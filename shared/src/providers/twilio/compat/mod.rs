//! What Twilio's API and its imitations have in common: how forms are read, how webhooks are signed
//! and read, how the Messages resource is spoken to. What differs is data: a `Dialect` on the way
//! out, a `WebhookDialect` on the way in. The two are apart so that a webhook's binary
//! does not carry the code that sends.

pub(crate) mod accounts;
pub(crate) mod answer;
pub(crate) mod audit;
mod boundaries;
pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod credentials;
mod document;
pub(crate) mod form;
pub(crate) mod history;
pub(crate) mod market;
pub(crate) mod numbers;
pub(crate) mod recordings;
pub(crate) mod rest;
pub(crate) mod signature;
mod voice;
pub(crate) mod webhook;

use crate::domain::status::MessageStatus;
use crate::provider::ProviderId;
use crate::provider::error::{Effect, ErrorKind};
use crate::provider::numbers::NumberKind;

/// How one provider speaks the API, where it differs from the others.
pub(crate) struct Dialect {
    /// Who speaks it.
    pub(crate) provider: ProviderId,
    /// What precedes `/2010-04-01` in a path.
    pub(crate) api_path: &'static str,
    /// What a resource's path ends in.
    pub(crate) suffix: &'static str,
    /// The HTTP statuses that say "created". Every other success is an answer that is not
    /// documented, and then we do not know what happened.
    pub(crate) created: &'static [u16],
    /// The settings that are appended to a callback URL (a fragment, which is never signed).
    pub(crate) callback_settings: &'static str,
    /// What the provider's error codes mean.
    pub(crate) errors: &'static [CodeRow],
    /// What the provider's status words mean.
    pub(crate) status: fn(&str) -> Option<MessageStatus>,
    /// The HTTP statuses that say that a call was taken.
    pub(crate) call_created: &'static [u16],
    /// A call can be given the time that it may last.
    pub(crate) call_limit: bool,
    /// The kinds of numbers for sale, by the provider's names for them.
    pub(crate) market: &'static [(NumberKind, &'static str)],
    /// A search for numbers takes the size of its page. Whether it heeds what a number must carry or
    /// not, what it answers is sifted.
    pub(crate) market_pages: bool,
    /// An order of a number may name an address and documents.
    pub(crate) papers: bool,
}

impl Dialect {
    /// Our URL with the settings that the provider wants in it.
    pub(crate) fn callback(&self, base: &str, path: &str, query: &str) -> String {
        let (provider, settings) = (self.provider, self.callback_settings);
        format!("{base}/api/webhooks/{provider}/{path}{query}{settings}")
    }
}

/// Where a row of an error table comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The provider's own list of error codes; a test looks every such code up in a copy of it.
    List,
    /// A page, for what is newer than that copy.
    Page(&'static str),
}

/// One provider code and what it means to us.
#[derive(Clone, Copy, Debug)]
pub struct CodeRow {
    /// The provider's code.
    pub code: u32,
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether it took effect, when the code answers a request. A code in a status report lends
    /// only its kind.
    pub effect: Effect,
    /// Where the code is documented.
    pub source: Source,
}

impl CodeRow {
    /// A code of the provider's own list that turns the request down.
    pub(crate) const fn refused(code: u32, kind: ErrorKind) -> Self {
        Self { code, kind, effect: Effect::Refused, source: Source::List }
    }

    /// A code of the provider's own list that says that nothing was done, for a cause that passes.
    pub(crate) const fn not_sent(code: u32, kind: ErrorKind) -> Self {
        Self { code, kind, effect: Effect::NotSent, source: Source::List }
    }

    /// A code of the provider's own list after which nobody knows.
    pub(crate) const fn unknown(code: u32, kind: ErrorKind) -> Self {
        Self { code, kind, effect: Effect::Unknown, source: Source::List }
    }

    /// With the page that documents it, for a code that is not in the list.
    #[must_use]
    pub(crate) const fn page(mut self, page: &'static str) -> Self {
        self.source = Source::Page(page);
        self
    }
}

/// The row of a code.
pub(crate) fn row<'t>(table: &'t [CodeRow], code: &str) -> Option<&'t CodeRow> {
    let code = code.parse::<u32>().ok()?;
    table.iter().find(|row| row.code == code)
}
