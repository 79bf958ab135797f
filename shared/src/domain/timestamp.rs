//! Points in time: UTC, to the millisecond.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

/// A point in time: milliseconds since the Unix epoch, UTC.
///
/// Its text is RFC 3339 with exactly three decimals and a `Z` (`2026-11-21T07:06:23.123Z`), so that
/// texts sort as times do; sort keys are built of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, the unit of DynamoDB's time to live.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads RFC 3339 (`2026-11-21T07:06:23Z`, any offset). `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from)
    }

    /// Reads RFC 2822 (`Thu, 24 Aug 2023 05:01:45 +0000`), as Twilio's v2010 API writes its dates.
    pub fn parse_rfc2822(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc2822).ok().map(Self::from)
    }

    /// This moment, later by `by`; saturates at the end of time.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment, earlier by `by`; saturates.
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The month, `2026-11`: the partition of a tenant's message log.
    pub fn month(self) -> String {
        self.to_string().chars().take(7).collect()
    }

    /// The day, `2026-11-21`.
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(value: OffsetDateTime) -> Self {
        Self(i64::try_from(value.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0).saturating_mul(1_000_000);
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn texts_sort_as_times_do_and_read_back() {
        let early = Timestamp::from_millis(1_700_000_000_007);
        let late = Timestamp::from_millis(1_700_000_000_070);
        assert!(early.to_string() < late.to_string());
        assert_eq!(Timestamp::parse_rfc3339(&early.to_string()), Some(early));
        assert_eq!(early.to_string(), "2023-11-14T22:13:20.007Z");
        assert_eq!(early.month(), "2023-11");
    }

    #[test]
    fn reads_the_dates_of_twilio() {
        let at = Timestamp::parse_rfc2822("Thu, 24 Aug 2023 05:01:45 +0000");
        assert_eq!(at.map(|at| at.to_string()).as_deref(), Some("2023-08-24T05:01:45.000Z"));
    }
}
