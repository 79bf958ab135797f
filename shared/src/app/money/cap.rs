//! What a tenant may spend in a day and in a month.

use crate::app::problem::{Code, Problem};
use crate::domain::spending::{CapReached, Reached};

/// What is answered to an act that would pass a cap: which one, and when it starts again.
pub fn cap_reached(reached: &CapReached) -> Problem {
    let both = [("daily", "today", reached.daily), ("monthly", "this month", reached.monthly)];
    let (mut problem, mut detail) = (Problem::new(Code::SpendCapReached), Vec::new());
    for (cap, time, reached) in both {
        let Some(Reached { cap: most, spent, until }) = reached else { continue };
        detail.push(format!(
            "The {cap} spend cap is ${most}, ${spent} is spent {time}, and it starts again at {until}."
        ));
        problem = problem.and_field(cap, format!("is ${most}, and starts again at {until}"));
    }
    problem.with_detail(detail.join(" "))
}

#[cfg(test)]
mod tests {
    use super::cap_reached;
    use crate::domain::money::Micros;
    use crate::domain::spending::{CapReached, Reached};
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn a_problem_names_the_cap_and_when_it_starts_again() {
        let until = Timestamp::parse_rfc3339("2026-11-22T00:00:00Z").unwrap();
        let daily = Reached { cap: Micros::new(5_000_000), spent: Micros::new(4_992_500), until };
        let problem = cap_reached(&CapReached { daily: Some(daily), monthly: None });
        assert_eq!(
            problem.detail(),
            Some(
                "The daily spend cap is $5, $4.9925 is spent today, and it starts again at \
                 2026-11-22T00:00:00.000Z."
            )
        );
        let fields: Vec<&str> = problem.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!((problem.status(), fields), (402, vec!["daily"]));
        let both = cap_reached(&CapReached { daily: Some(daily), monthly: Some(daily) });
        assert_eq!(both.errors().len(), 2);
    }
}
