//! Where a provider's settings send events, held against where they ought to go.
//!
//! What is found is data. An adapter knows its provider's settings and how to write them; whose they
//! are to write is decided by the use-case.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::error::ProviderError;
use super::numbers::RemotePage;
use crate::domain::phone::E164;

/// The kind of a number. What numbers share is called as its provider calls it.
pub const NUMBER: &str = "number";

/// Settings by the provider's own names. One that is null, absent or empty is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found(BTreeMap<&'static str, String>);

impl Found {
    /// Notes a setting.
    pub fn set(&mut self, field: &'static str, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            self.0.remove(field);
        } else {
            self.0.insert(field, value);
        }
    }

    /// What is set; an empty text: nothing.
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
}

/// Something at a provider whose settings say where events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// [`NUMBER`], or the provider's word for what numbers share (`messaging_profile`).
    pub kind: &'static str,
    /// The provider's id of it.
    pub id: String,
    /// The number that it is.
    pub phone: Option<E164>,
    /// Of what numbers share: those that name it. Empty where the account's settings name it.
    pub used_by: Vec<E164>,
    /// The mark: friendly name, customer reference, nickname, name.
    pub mark: Option<String>,
    /// Its settings.
    pub found: Found,
}

impl Subject {
    /// What the account's settings name and the provider does not have.
    pub fn absent(kind: &'static str, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            phone: None,
            used_by: Vec::new(),
            mark: None,
            found: Found::default(),
        }
    }

    /// The one drift of what is not there: nobody can write it.
    pub fn absence(&self) -> Option<Drift> {
        let absent = self.phone.is_none() && self.found == Found::default() && self.used_by.is_empty();
        absent.then(|| Drift {
            field: "id",
            expected: self.id.clone(),
            found: String::new(),
            writable: false,
        })
    }
}

/// What is wanted of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub base: String,
    /// Its texts are ours at this account. False: their settings are nobody's business here.
    pub messaging: bool,
    /// Its calls are ours at this account. False where a trunk leads them elsewhere.
    pub voice: bool,
}

/// A setting that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The provider's own name of the setting.
    pub field: &'static str,
    /// What it should be; an empty text: not set.
    pub expected: String,
    /// What it is; an empty text: not set.
    pub found: String,
    /// It can be written. What cannot is the provider's to change (a status).
    pub writable: bool,
}

/// Collects the drifts of one subject.
pub struct Comparison<'s> {
    found: &'s Found,
    drifts: Vec<Drift>,
}

impl<'s> Comparison<'s> {
    /// Of these settings.
    pub fn of(found: &'s Found) -> Self {
        Self { found, drifts: Vec::new() }
    }

    /// This setting must be exactly this.
    pub fn expect(&mut self, field: &'static str, expected: impl Into<String>) {
        let expected = expected.into();
        if self.found.get(field) != expected {
            self.drift(field, expected, true);
        }
    }

    /// The same of a setting that a provider does not have or does not tell everywhere.
    pub fn expect_where_told(&mut self, field: &'static str, expected: impl Into<String>) {
        if !self.found.get(field).is_empty() {
            self.expect(field, expected);
        }
    }

    /// The same of a setting that only the provider changes.
    pub fn expect_of_provider(&mut self, field: &'static str, expected: &str) {
        if !matches!(self.found.get(field), found if found.is_empty() || found == expected) {
            self.drift(field, expected.to_owned(), false);
        }
    }

    /// What was found does not do, whatever the reason.
    pub fn drift(&mut self, field: &'static str, expected: String, writable: bool) {
        let found = self.found.get(field).to_owned();
        self.drifts.push(Drift { field, expected, found, writable });
    }

    /// All of them, in the order in which they were looked for.
    pub fn drifts(self) -> Vec<Drift> {
        self.drifts
    }
}

/// Reading and writing the settings that send events somewhere.
#[async_trait]
pub trait WebhookAudit: Send + Sync {
    /// One page of the numbers that the account holds, in an order that stays. `page` is the `next` of
    /// the page before.
    async fn numbers(&self, page: Option<&str>) -> Result<RemotePage<Subject>, ProviderError>;

    /// What numbers share: what the account's own settings name, and what its numbers name. All of it.
    async fn shared(&self) -> Result<Vec<Subject>, ProviderError>;

    /// With what a list does not tell. `None`: it is gone.
    async fn complete(&self, subject: Subject) -> Result<Option<Subject>, ProviderError>;

    /// The same subject, read again and complete. `None`: it is gone.
    async fn read(&self, subject: &Subject) -> Result<Option<Subject>, ProviderError>;

    /// What is not as wanted.
    fn drifts(&self, subject: &Subject, wanted: &Wanted) -> Vec<Drift>;

    /// Writes what these drifts expect, and nothing else. Repeating it changes nothing.
    async fn repair(&self, subject: &Subject, drifts: &[Drift]) -> Result<(), ProviderError>;
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Found};

    #[test]
    fn nothing_is_as_good_as_not_there() {
        let mut found = Found::default();
        found.set("trunk_sid", "");
        found.set("sms_url", "https://x.example/");
        found.set("status", "suspended");
        let mut comparison = Comparison::of(&found);
        comparison.expect("trunk_sid", "");
        comparison.expect("sms_url", "https://x.example/");
        comparison.expect_where_told("voice_receive_mode", "voice");
        comparison.expect_of_provider("state", "active");
        comparison.expect("sms_method", "POST");
        comparison.expect_of_provider("status", "active");
        let drifts = comparison.drifts();
        let shown: Vec<_> =
            drifts.iter().map(|d| (d.field, d.expected.as_str(), d.found.as_str(), d.writable)).collect();
        assert_eq!(shown, [("sms_method", "POST", "", true), ("status", "active", "suspended", false)]);
    }
}
