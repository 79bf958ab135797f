//! What was asked of AWS.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `dynamodb`, `secretsmanager`, `sqs`, `kms` or what the request's target begins with.
    pub service: String,
    /// `PutItem` …
    pub operation: String,
    /// Capacity units, with those of the indexes. A refused write reports none, though AWS charges for it.
    pub units: f64,
    /// How long the answer took, as seen from the proxy.
    pub took: Duration,
}

impl Call {
    /// True for what costs write units.
    pub fn writes(&self) -> bool {
        self.service == "dynamodb"
            && !matches!(self.operation.as_str(), "GetItem" | "BatchGetItem" | "Query" | "Scan")
    }
}

/// What was counted since the last [`Tally::take`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// The requests in the order of their answers.
    pub calls: Vec<Call>,
    /// How often somebody waited for one or several of them: requests made at once are one round trip.
    pub round_trips: u32,
}

impl Counted {
    /// The requests to one service.
    pub fn to(&self, service: &str) -> usize {
        self.calls.iter().filter(|call| call.service == service).count()
    }

    /// Requests to anything but the table.
    pub fn elsewhere(&self) -> usize {
        self.calls.len() - self.to("dynamodb")
    }

    /// Write units.
    pub fn write_units(&self) -> f64 {
        self.calls.iter().filter(|call| call.writes()).fold(0.0, |sum, call| sum + call.units)
    }

    /// Read units.
    pub fn read_units(&self) -> f64 {
        self.calls.iter().filter(|call| !call.writes()).fold(0.0, |sum, call| sum + call.units)
    }

    /// The time that was spent in the stand-in for AWS.
    pub fn took(&self) -> Duration {
        self.calls.iter().map(|call| call.took).sum()
    }

    /// `2× PutItem, GetItem`.
    pub fn operations(&self) -> String {
        let mut named: Vec<(&str, u32)> = Vec::new();
        for call in &self.calls {
            match named.iter_mut().find(|(name, _)| *name == call.operation) {
                Some((_, count)) => *count += 1,
                None => named.push((&call.operation, 1)),
            }
        }
        let words = named.into_iter().map(|(name, count)| match count {
            1 => name.to_owned(),
            count => format!("{count}× {name}"),
        });
        let words: Vec<_> = words.collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }
}

#[derive(Debug, Default)]
struct State {
    counted: Counted,
    in_flight: u32,
}

/// The counter. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<State>>);

impl Tally {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request came. It is under way until what this returns is dropped, also when the one who
    /// asked gives up on it.
    pub fn begin(&self) -> UnderWay {
        let mut state = self.lock();
        if state.in_flight == 0 {
            state.counted.round_trips += 1;
        }
        state.in_flight += 1;
        UnderWay(self.clone())
    }

    /// What was counted; begins anew.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut self.lock().counted)
    }
}

/// A request that was not answered yet.
#[derive(Debug)]
pub struct UnderWay(Tally);

impl UnderWay {
    /// It was answered.
    pub fn end(self, call: Call) {
        self.0.lock().counted.calls.push(call);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Tally};

    fn call(operation: &str) -> Call {
        let took = std::time::Duration::ZERO;
        Call { service: "dynamodb".into(), operation: operation.into(), units: 1.0, took }
    }

    #[test]
    fn requests_made_at_once_are_one_round_trip() {
        let tally = Tally::default();
        let (one, other) = (tally.begin(), tally.begin());
        one.end(call("GetItem"));
        other.end(call("PutItem"));
        tally.begin().end(call("PutItem"));
        let counted = tally.take();
        assert_eq!((counted.round_trips, counted.calls.len()), (2, 3));
        drop(tally.begin());
        drop(tally.begin());
        assert_eq!(tally.take().round_trips, 2, "a request that was given up is over");
        assert_eq!((counted.read_units(), counted.write_units()), (1.0, 2.0));
        assert_eq!(counted.operations(), "GetItem, 2× PutItem");
        assert_eq!(tally.take().calls, []);
    }
}
