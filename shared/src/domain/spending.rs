//! What a tenant may spend in a day and in a month (UTC), and what it has spent.
//!
//! What counts is everything that lowers what is available, deposits apart: what is held, less what is given
//! back; what is taken without having been held (inbound calls, rents). Each of them has one day, the one on
//! which it was held or first taken, and whatever becomes of it later counts on that day.
//!
//! Law: the sum of a day is the sum of what its holds and charges come to by now, and that of a month is the
//! sum of its days, for as long as the wallet has not gone on to a later one. A day that is over is not kept:
//! what is given back of it lowers no other. No outbound act takes a sum beyond its cap.

use super::money::Micros;
use super::timestamp::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;

/// A day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.millis().div_euclid(DAY_MILLIS))
    }

    /// From the days since 1970-01-01.
    pub const fn from_number(days: i64) -> Self {
        Self(days)
    }

    /// The days since 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }

    fn begins(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(DAY_MILLIS))
    }

    /// When the next day begins.
    pub fn ends(self) -> Timestamp {
        Self(self.0.saturating_add(1)).begins()
    }

    /// When the next month begins.
    pub fn month_ends(self) -> Timestamp {
        let later = (1..=31).map(|days| Self(self.0.saturating_add(days)));
        later.into_iter().find(|day| !day.is_in_month_of(self)).unwrap_or(self).begins()
    }

    /// Whether both are of one month.
    pub fn is_in_month_of(self, other: Self) -> bool {
        self.begins().month() == other.begins().month()
    }
}

/// What may be spent at most. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpendCap {
    /// In a day.
    pub daily: Option<Micros>,
    /// In a month.
    pub monthly: Option<Micros>,
}

/// A cap that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What may be spent.
    pub cap: Micros,
    /// What is spent.
    pub spent: Micros,
    /// When it starts again.
    pub until: Timestamp,
}

/// Why an act is refused: at least one of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapReached {
    /// The day's.
    pub daily: Option<Reached>,
    /// The month's.
    pub monthly: Option<Reached>,
}

/// The caps, and what is spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// The caps.
    pub cap: SpendCap,
    /// The last day on which something counted; the sums are of this day and of its month.
    pub day: Option<Day>,
    /// What is spent on that day.
    pub of_day: Micros,
    /// What is spent in its month.
    pub of_month: Micros,
}

impl Spending {
    /// The day on which something counts that happens now: never an earlier one than the last, whatever the
    /// clocks say, so that no act passes by the sums.
    pub fn day_at(&self, now: Timestamp) -> Day {
        self.day.map_or(Day::of(now), |last| last.max(Day::of(now)))
    }

    /// What is spent by a day, and in its month. A sum of an earlier one counts as nothing.
    pub fn on(&self, day: Day) -> (Micros, Micros) {
        let Some(last) = self.day else { return (Micros::ZERO, Micros::ZERO) };
        let of_day = if day <= last { self.of_day } else { Micros::ZERO };
        let of_month = if day <= last || day.is_in_month_of(last) { self.of_month } else { Micros::ZERO };
        (of_day, of_month)
    }

    /// The caps that an outbound act of this price would pass. `None`: it would pass none.
    pub fn refusal(&self, price: Micros, now: Timestamp) -> Option<CapReached> {
        let day = self.day_at(now);
        let (of_day, of_month) = self.on(day);
        let reached = |cap: Option<Micros>, spent: Micros, until: Timestamp| {
            let cap = cap.filter(|cap| spent.checked_add(price).is_none_or(|after| after > *cap))?;
            Some(Reached { cap, spent, until })
        };
        let daily = reached(self.cap.daily, of_day, day.ends());
        let monthly = reached(self.cap.monthly, of_month, day.month_ends());
        (daily.is_some() || monthly.is_some()).then_some(CapReached { daily, monthly })
    }

    /// As it is once an amount counts on a day. What counts on a day that is over counts in the month, if
    /// that is not. `None`: the sum is too large to be money.
    pub fn with(self, amount: Micros, day: Day) -> Option<Self> {
        let (of_day, of_month) = match self.day {
            Some(last) if day < last => {
                let late = if day.is_in_month_of(last) { amount } else { Micros::ZERO };
                return Some(Self { of_month: self.of_month.checked_add(late)?, ..self });
            }
            _ => self.on(day),
        };
        let (of_day, of_month) = (of_day.checked_add(amount)?, of_month.checked_add(amount)?);
        Some(Self { day: Some(day), of_day, of_month, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, SpendCap, Spending};
    use crate::domain::money::Micros;
    use crate::domain::timestamp::Timestamp;
    use crate::domain::wallet::{Amounts, HoldState, posting_of};
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn days_and_months_end_where_the_calendar_says() {
        for (moment, day, month) in [
            ("2026-11-21T07:06:23Z", "2026-11-22T00:00:00.000Z", "2026-12-01T00:00:00.000Z"),
            ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
            ("2028-02-01T00:00:00Z", "2028-02-02T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
            ("2026-01-31T00:00:00Z", "2026-02-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"),
        ] {
            let of = Day::of(at(moment));
            assert_eq!((of.ends().to_string(), of.month_ends().to_string()), (day.into(), month.into()));
        }
    }

    #[test]
    fn a_cap_may_be_met_and_not_passed() {
        let now = at("2026-11-30T12:00:00Z");
        let cap = SpendCap { daily: Some(Micros::new(10)), monthly: None };
        let spent = Spending { cap, ..Spending::default() }.with(Micros::new(4), Day::of(now)).unwrap();
        assert_eq!(spent.refusal(Micros::new(6), now), None);
        let daily = spent.refusal(Micros::new(7), now).unwrap().daily.unwrap();
        assert_eq!((daily.spent.get(), daily.until.to_string()), (4, "2026-12-01T00:00:00.000Z".into()));
        assert_eq!(spent.refusal(Micros::new(10), daily.until), None);
        // A clock that is behind finds the day that has begun.
        let next = spent.with(Micros::new(9), Day::of(daily.until)).unwrap();
        assert!(next.refusal(Micros::new(2), now).is_some());
        let monthly = SpendCap { daily: None, monthly: Some(Micros::new(10)) };
        let spent = Spending { cap: monthly, ..spent };
        assert!(spent.refusal(Micros::new(7), now).unwrap().monthly.is_some());
        assert_eq!(spent.refusal(Micros::new(7), daily.until), None);
    }

    /// Something that counts: its day, what it holds, what is taken of it.
    #[derive(Clone, Copy, Debug)]
    struct Act {
        day: Day,
        state: Option<HoldState>,
        held: Micros,
        taken: Micros,
    }

    impl Act {
        fn counts(&self) -> i64 {
            match self.state {
                Some(HoldState::Held) => self.held.get(),
                Some(HoldState::Captured) | None => self.taken.get(),
                Some(HoldState::Released) => 0,
            }
        }
    }

    proptest! {
        /// Any interleaving of holds, inbound usage, captures (in any amount), releases, refunds and
        /// corrections, over days and months and with clocks that disagree.
        #[test]
        fn the_sums_are_what_the_days_acts_come_to(
            steps in proptest::collection::vec(
                (0_u8..6, 0_usize..8, 1_i64..60, -20_000_000_i64..200_000_000), 1..80
            ),
            (daily, monthly) in (proptest::option::of(0_i64..200), proptest::option::of(0_i64..600)),
        ) {
            let cap = SpendCap { daily: daily.map(Micros::new), monthly: monthly.map(Micros::new) };
            let mut spending = Spending { cap, ..Spending::default() };
            let mut acts: Vec<Act> = Vec::new();
            let mut now = at("2026-11-21T12:00:00Z");
            for (what, which, amount, passes) in steps {
                now = Timestamp::from_millis(now.millis() + passes);
                let amount = Micros::new(amount);
                let moved = match (what, acts.len()) {
                    (0 | 1, _) | (_, 0) => {
                        if spending.refusal(amount, now).is_none() {
                            let day = spending.day_at(now);
                            let (state, zero) = (Some(HoldState::Held), Micros::ZERO);
                            acts.push(Act { day, state, held: amount, taken: zero });
                            spending = spending.with(amount, day).unwrap();
                            let (of_day, of_month) = spending.on(day);
                            prop_assert!(cap.daily.is_none_or(|cap| of_day <= cap));
                            prop_assert!(cap.monthly.is_none_or(|cap| of_month <= cap));
                        }
                        None
                    }
                    (2, _) => {
                        let day = spending.day_at(now);
                        acts.push(Act { day, state: None, held: Micros::ZERO, taken: amount });
                        spending = spending.with(amount, day).unwrap();
                        None
                    }
                    (_, many) => {
                        let act = &mut acts[which % many];
                        let before = *act;
                        let to = if what == 3 { HoldState::Released } else { HoldState::Captured };
                        match act.state {
                            None => {
                                act.taken = amount;
                                Some((act.day, Micros::new(amount.get() - before.taken.get())))
                            }
                            state => {
                                let amounts = Amounts { held: act.held, taken: act.taken, due: amount };
                                posting_of(state, to, amounts).map(|posting| {
                                    (act.state, act.taken) = (Some(to), amount);
                                    (act.day, posting.spent().unwrap())
                                })
                            }
                        }
                    }
                };
                if let Some((day, amount)) = moved {
                    spending = spending.with(amount, day).unwrap();
                }
                let sum = |counts: &dyn Fn(Day) -> bool| {
                    acts.iter().filter(|act| counts(act.day)).map(Act::counts).sum::<i64>()
                };
                if let Some(last) = spending.day {
                    prop_assert_eq!(spending.of_day.get(), sum(&|day| day == last));
                    prop_assert_eq!(spending.of_month.get(), sum(&|day| day.is_in_month_of(last)));
                }
            }
        }
    }
}
