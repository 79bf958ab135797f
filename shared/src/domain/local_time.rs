//! What a clock on somebody's wall shows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::timestamp::Timestamp;

/// A time zone by its name in the IANA database, e.g. `America/New_York`. The database is part of the
/// binary, so that every process reads the same one.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

/// A text that names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone of the IANA database")]
pub struct UnknownTimeZone;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    /// The day before.
    #[must_use]
    pub const fn before(self) -> Self {
        match self {
            Self::Mon => Self::Sun,
            Self::Tue => Self::Mon,
            Self::Wed => Self::Tue,
            Self::Thu => Self::Wed,
            Self::Fri => Self::Thu,
            Self::Sat => Self::Fri,
            Self::Sun => Self::Sat,
        }
    }
}

/// A moment as it is shown in one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The day.
    pub weekday: Weekday,
    /// Minutes since midnight, by the clock on the wall.
    pub minute: u16,
}

impl TimeZone {
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What clocks there show.
    pub fn at(&self, moment: Timestamp) -> LocalTime {
        let moment = jiff::Timestamp::from_millisecond(moment.millis()).unwrap_or_default();
        // The name was looked up when it was read; a database without it would be another binary's.
        let zone = jiff::tz::TimeZone::get(&self.0).unwrap_or(jiff::tz::TimeZone::UTC);
        let there = moment.to_zoned(zone);
        let days = there.weekday().to_monday_zero_offset();
        let weekday = usize::try_from(days).ok().and_then(|day| Weekday::ALL.get(day).copied());
        let minute = u16::from(there.hour().unsigned_abs()) * 60 + u16::from(there.minute().unsigned_abs());
        LocalTime { weekday: weekday.unwrap_or(Weekday::Mon), minute }
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        let known = jiff::tz::db().get(name).map_err(|_| UnknownTimeZone)?;
        // In the spelling of the database, which ignores case.
        known.iana_name().map(|name| Self(name.to_owned())).ok_or(UnknownTimeZone)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = UnknownTimeZone;

    fn try_from(name: String) -> Result<Self, UnknownTimeZone> {
        name.parse()
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hours of the week in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Whose clock.
    pub time_zone: TimeZone,
    /// When it is open.
    pub hours: Vec<Hours>,
}

/// The same hours on some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// On which days they begin.
    pub days: Vec<Weekday>,
    /// From then on.
    pub from: TimeOfDay,
    /// Until then, which is not part of it. Not later than `from`: on the next day.
    pub to: TimeOfDay,
}

/// `HH:MM`, 00:00 to 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// A text that is no time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time of day such as 09:30")]
pub struct NoTimeOfDay;

impl TimeOfDay {
    /// Minutes since midnight.
    pub const fn minute(self) -> u16 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        let two = |part: &str| match part.len() {
            2 if part.bytes().all(|b| b.is_ascii_digit()) => part.parse::<u16>().map_err(|_| NoTimeOfDay),
            _ => Err(NoTimeOfDay),
        };
        let (hour, minute) = text.split_once(':').ok_or(NoTimeOfDay)?;
        let (hour, minute) = (two(hour)?, two(minute)?);
        let minutes = hour * 60 + minute;
        if minute < 60 && minutes <= 24 * 60 { Ok(Self(minutes)) } else { Err(NoTimeOfDay) }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

impl Schedule {
    /// Whether it is open at this moment.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let LocalTime { weekday, minute } = self.time_zone.at(now);
        self.hours.iter().any(|hours| {
            let (from, to) = (hours.from.minute(), hours.to.minute());
            let on = |day| hours.days.contains(&day);
            if from < to {
                on(weekday) && (from..to).contains(&minute)
            } else {
                on(weekday) && minute >= from || on(weekday.before()) && minute < to
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LocalTime, Schedule, TimeOfDay, TimeZone, Weekday};
    use crate::domain::timestamp::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn clocks_follow_their_zone_through_the_change_of_the_hour() {
        let zone: TimeZone = "america/new_york".parse().unwrap();
        assert_eq!(zone.as_str(), "America/New_York");
        for (moment, weekday, minute) in [
            ("2026-03-08T06:59:00Z", Weekday::Sun, 119),
            ("2026-03-08T07:00:00Z", Weekday::Sun, 180),
            ("2026-11-01T05:30:00Z", Weekday::Sun, 90),
            ("2026-11-01T06:30:00Z", Weekday::Sun, 90),
            ("2026-11-02T04:59:00Z", Weekday::Sun, 1439),
        ] {
            assert_eq!(zone.at(at(moment)), LocalTime { weekday, minute }, "{moment}");
        }
    }

    #[test]
    fn what_names_no_zone_is_refused() {
        for name in ["", "Mars/Olympus", "+02:00", "America", "../etc/passwd"] {
            assert!(name.parse::<TimeZone>().is_err(), "{name}");
        }
    }

    #[test]
    fn times_of_day_read_back() {
        for text in ["00:00", "09:05", "23:59", "24:00"] {
            assert_eq!(String::from(text.parse::<TimeOfDay>().unwrap()), text);
        }
        for text in ["", "9:00", "09:60", "24:01", "25:00", "09-00", "+9:00", "09:0a"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn hours_are_those_of_the_zone_and_may_pass_midnight() {
        let schedule: Schedule = serde_json::from_str(
            r#"{"timeZone":"Europe/London","hours":[
                {"days":["mon","tue"],"from":"09:00","to":"17:00"},
                {"days":["fri"],"from":"22:00","to":"06:00"}]}"#,
        )
        .unwrap();
        for (moment, open) in [
            ("2026-06-01T07:59:00Z", false),
            ("2026-06-01T08:00:00Z", true),
            ("2026-06-01T15:59:00Z", true),
            ("2026-06-01T16:00:00Z", false),
            ("2026-06-03T10:00:00Z", false),
            ("2026-06-05T21:00:00Z", true),
            ("2026-06-06T04:59:00Z", true),
            ("2026-06-06T05:00:00Z", false),
            ("2026-06-06T21:30:00Z", false),
        ] {
            assert_eq!(schedule.is_open(at(moment)), open, "{moment}");
        }
    }
}
