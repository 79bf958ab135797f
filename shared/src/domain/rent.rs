//! Monthly rental: which month of a number is paid, and when the next is owed. No refund and no
//! pro-rata: a month that was begun is owed whole.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime};

use super::timestamp::Timestamp;

/// The rental of one assignment of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rent {
    /// When the first month began.
    pub since: Timestamp,
    /// How many months are paid.
    pub months_paid: u32,
    /// Since when a month is owed that the wallet could not pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed_since: Option<Timestamp>,
}

impl Rent {
    /// With its first month paid.
    pub const fn begun(at: Timestamp) -> Self {
        Self { since: at, months_paid: 1, owed_since: None }
    }

    /// Until when it is paid, which is when the next month begins.
    pub fn paid_until(&self) -> Timestamp {
        after_months(self.since, self.months_paid)
    }
}

/// What becomes of a number whose rental is not paid, counted from when it was owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RentPolicy {
    /// So long it works on.
    pub grace: Duration,
    /// After that it is suspended, and after this it is released. `None`: never by itself.
    pub release_after: Option<Duration>,
}

impl RentPolicy {
    /// By days. `release` 0: never by itself.
    pub fn of_days(grace: u32, release: u32) -> Self {
        let days = |days: u32| Duration::from_secs(u64::from(days).saturating_mul(86_400));
        Self { grace: days(grace), release_after: (release > 0).then(|| days(release)) }
    }
}

/// So many months later: the same day and time, or the month's last day where it has no such day.
/// Counted from the beginning each time, so that a 31st comes back after a February.
pub fn after_months(since: Timestamp, months: u32) -> Timestamp {
    let nanos = i128::from(since.millis()).saturating_mul(1_000_000);
    let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else { return since };
    let index = u32::from(u8::from(at.month())).saturating_sub(1).saturating_add(months);
    let year = at.year().saturating_add(i32::try_from(index / 12).unwrap_or(i32::MAX));
    let month = u8::try_from(index % 12).ok().and_then(|index| Month::try_from(index.saturating_add(1)).ok());
    let date = month.and_then(|month| {
        let day = at.day().min(month.length(year));
        Date::from_calendar_date(year, month, day).ok()
    });
    date.map_or(since, |date| Timestamp::from(at.replace_date(date)))
}

#[cfg(test)]
mod tests {
    use super::{Rent, after_months};
    use crate::domain::timestamp::Timestamp;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn the_day_is_clamped_and_comes_back() {
        let since = at("2027-10-31T12:30:00Z");
        let ends: Vec<String> = (1..6).map(|n| after_months(since, n).day()).collect();
        assert_eq!(ends, ["2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]);
        assert_eq!(Rent::begun(since).paid_until(), at("2027-11-30T12:30:00Z"));
    }

    proptest! {
        /// Months follow each other without a gap of more than 31 days or less than 28.
        #[test]
        fn months_follow_each_other(since in 0_i64..4_000_000_000_000, n in 0_u32..600) {
            let since = Timestamp::from_millis(since);
            let days = after_months(since, n + 1).since(after_months(since, n)).as_secs() / 86_400;
            prop_assert!((28..=31).contains(&days), "{days}");
        }
    }
}
