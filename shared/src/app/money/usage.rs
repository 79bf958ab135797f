//! What a tenant has used, by provider, number, user or day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::api::usage::{UsageItem, UsageReport};
use crate::app::problem::Problem;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::usage::{Usage, UsageLine};
use crate::ports::Books;

const DAY: Duration = Duration::from_secs(86_400);
/// How many days there are without a `from`.
const DEFAULT_DAYS: u32 = 30;
/// The most days of one report.
const MOST_DAYS: u32 = 92;

/// What the lines of a report have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// The provider.
    Provider,
    /// Our number.
    Number,
    /// The user.
    User,
    /// The day.
    #[default]
    Day,
}

impl GroupBy {
    /// All of them.
    const ALL: [Self; 4] = [Self::Provider, Self::Number, Self::User, Self::Day];

    /// The word of the contract.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Number => "number",
            Self::User => "user",
            Self::Day => "day",
        }
    }

    fn key(self, line: &UsageLine) -> Option<String> {
        match self {
            Self::Provider => Some(line.provider.to_string()),
            Self::Number => Some(line.number.clone()),
            Self::User => line.user.as_ref().map(ToString::to_string),
            Self::Day => Some(line.day.clone()),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    group: GroupBy,
    from: String,
    to: String,
}

impl UsageQuery {
    /// Reads the parameters: `groupBy` (by day), `from` and `to` (days, both included; the last 30).
    ///
    /// # Errors
    /// `VALIDATION_FAILED` naming the parameter.
    pub fn read(
        group: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let group = match group {
            None => GroupBy::default(),
            Some(word) => GroupBy::ALL
                .into_iter()
                .find(|group| group.as_str() == word)
                .ok_or_else(|| Problem::field("groupBy", "must be provider, number, user or day"))?,
        };
        let last = to.map_or(Ok(now), |text| day("to", text))?;
        let first = match from {
            Some(text) => day("from", text)?,
            None => last.minus(DAY.saturating_mul(DEFAULT_DAYS - 1)),
        };
        let (from, to) = (first.day(), last.day());
        if from > to {
            return Err(Problem::field("from", "must not be later than to"));
        }
        if last.since(first) >= DAY.saturating_mul(MOST_DAYS) {
            return Err(Problem::field("from", format!("must be at most {} days before to", MOST_DAYS - 1)));
        }
        Ok(Self { group, from, to })
    }
}

fn day(field: &'static str, text: &str) -> Result<Timestamp, Problem> {
    let begins = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).filter(|at| at.day() == text);
    begins.ok_or_else(|| Problem::field(field, "must be a day, as 2026-11-21"))
}

/// Reports usage.
pub struct ReportUsage {
    /// The books.
    pub books: Arc<dyn Books>,
}

impl ReportUsage {
    /// What a tenant has used.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn report(&self, tenant: &TenantId, query: &UsageQuery) -> Result<UsageReport, Problem> {
        let mut groups: BTreeMap<Option<String>, Usage> = BTreeMap::new();
        let mut total = Usage::default();
        for (line, usage) in self.books.usage(tenant, &query.from, &query.to).await? {
            total = total.plus(&usage);
            let group = groups.entry(query.group.key(&line)).or_default();
            *group = std::mem::take(group).plus(&usage);
        }
        let items = groups.into_iter().map(|(key, usage)| UsageItem { key, usage: (&usage).into() });
        Ok(UsageReport {
            group_by: query.group.as_str(),
            from: query.from.clone(),
            to: query.to.clone(),
            items: items.collect(),
            total: (&total).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{GroupBy, UsageQuery};
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn days_are_read_or_named() {
        let now = Timestamp::parse_rfc3339("2026-11-21T23:59:59Z").unwrap();
        let read = |group, from, to| {
            UsageQuery::read(group, from, to, now)
                .map(|query| (query.group, query.from, query.to))
                .map_err(|problem| problem.errors().first().map(|error| error.field.clone()).unwrap())
        };
        let is = |group, from: &str, to: &str| Ok((group, from.to_owned(), to.to_owned()));
        assert_eq!(read(None, None, None), is(GroupBy::Day, "2026-10-23", "2026-11-21"));
        assert_eq!(
            read(Some("user"), None, Some("2026-03-01")),
            is(GroupBy::User, "2026-01-31", "2026-03-01")
        );
        assert_eq!(
            read(None, Some("2026-11-21"), Some("2026-11-21")),
            is(GroupBy::Day, "2026-11-21", "2026-11-21")
        );
        assert_eq!(
            read(None, Some("2026-08-22"), Some("2026-11-21")),
            is(GroupBy::Day, "2026-08-22", "2026-11-21")
        );
        for (group, from, to, field) in [
            (Some("Day"), None, None, "groupBy"),
            (Some(""), None, None, "groupBy"),
            (None, Some("2026-02-29"), None, "from"),
            (None, Some("2026-2-1"), None, "from"),
            (None, Some("2026-11-21T00:00:00Z"), None, "from"),
            (None, None, Some("yesterday"), "to"),
            (None, None, Some("+002026-11-21"), "to"),
            (None, Some("2026-11-22"), Some("2026-11-21"), "from"),
            (None, Some("2026-11-22"), None, "from"),
            (None, Some("2026-08-21"), Some("2026-11-21"), "from"),
        ] {
            assert_eq!(read(group, from, to), Err(field.to_owned()), "{group:?} {from:?} {to:?}");
        }
    }
}
