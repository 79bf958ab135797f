//! Many environments and many invocations, reduced to figures.

use std::time::Duration;

use crate::Error;
use crate::environment::{Environment, Subject};
use crate::process::Share;
use crate::tally::{Counted, Tally};

/// Events before the measured ones, so that maps, pools and the allocator are warm.
const WARM_UP: u32 = 100;

/// What the starts of an environment cost: medians.
#[derive(Clone, Debug, Default)]
pub struct Starts {
    /// CPU time until it asked for its first event.
    pub init_cpu: Duration,
    /// Wall time of that.
    pub init_wall: Duration,
    /// CPU time of the first invocation.
    pub first_cpu: Duration,
    /// Wall time of the first invocation.
    pub first_wall: Duration,
    /// The longest first invocation.
    pub first_wall_longest: Duration,
    /// What one start asked of AWS.
    pub init_calls: Counted,
    /// What one first invocation asked of AWS.
    pub first_calls: Counted,
}

/// What the later invocations cost.
#[derive(Clone, Debug, Default)]
pub struct Warm {
    /// How many.
    pub count: u32,
    /// CPU time of one.
    pub cpu: Duration,
    /// Wall time: half of them took no longer.
    pub p50: Duration,
    /// Wall time: 99 of 100 took no longer.
    pub p99: Duration,
    /// Wall time of one that was spent in the stand-in for AWS.
    pub elsewhere: Duration,
    /// What all of them asked of AWS.
    pub calls: Counted,
    /// Bytes and lines that one logged.
    pub logged: (f64, f64),
    /// The most memory of the process, in bytes.
    pub peak_memory: u64,
}

impl Warm {
    /// An amount of all invocations, for one of them.
    pub fn each(&self, amount: f64) -> f64 {
        amount / f64::from(self.count.max(1))
    }

    /// How many one core could do in a second.
    pub fn per_second(&self) -> f64 {
        1.0 / self.cpu.as_secs_f64().max(1e-9)
    }
}

/// Starts a function several times, with one event each.
///
/// # Errors
/// When it fails, or answers anything but 200.
pub async fn starts(
    subject: &Subject,
    endpoint: &str,
    share: Option<&Share>,
    tally: &Tally,
    times: u32,
    event: &mut dyn FnMut() -> String,
) -> Result<Starts, Error> {
    let (mut inits, mut firsts) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    let mut starts = Starts::default();
    for _ in 0..times {
        tally.take();
        let mut environment = Environment::start(subject, endpoint, share).await?;
        starts.init_calls = tally.take();
        let before = environment.cpu().await?;
        let first = environment.invoke(event()).await?;
        expect_success(subject, first.status)?;
        starts.first_calls = tally.take();
        inits.0.push(environment.init_cpu);
        inits.1.push(environment.init_wall);
        firsts.0.push(environment.cpu().await?.saturating_sub(before));
        firsts.1.push(first.wall);
    }
    starts.first_wall_longest = firsts.1.iter().max().copied().unwrap_or_default();
    starts.init_cpu = quantile(&mut inits.0, 50);
    starts.init_wall = quantile(&mut inits.1, 50);
    starts.first_cpu = quantile(&mut firsts.0, 50);
    starts.first_wall = quantile(&mut firsts.1, 50);
    Ok(starts)
}

/// Delivers many events to one environment, one after the other.
///
/// # Errors
/// When it fails, or answers anything but 200.
pub async fn warm(
    subject: &Subject,
    endpoint: &str,
    tally: &Tally,
    count: u32,
    event: &mut dyn FnMut() -> String,
) -> Result<Warm, Error> {
    let mut environment = Environment::start(subject, endpoint, None).await?;
    for _ in 0..WARM_UP {
        environment.invoke(event()).await?;
    }
    // Before the clock runs: signing is the harness's work.
    let events: Vec<String> = (0..count).map(|_| event()).collect();
    tally.take();
    let (cpu, logged) = (environment.cpu().await?, environment.process().logged()?);
    let mut walls = Vec::new();
    for event in events {
        let invocation = environment.invoke(event).await?;
        expect_success(subject, invocation.status)?;
        walls.push(invocation.wall);
    }
    let cpu = environment.cpu().await?.saturating_sub(cpu);
    let calls = tally.take();
    let (bytes, lines) = environment.process().logged()?;
    let of_each = |total: u64, before: u64| {
        f64::from(u32::try_from(total.saturating_sub(before)).unwrap_or(u32::MAX)) / f64::from(count.max(1))
    };
    Ok(Warm {
        count,
        cpu: cpu / count.max(1),
        p50: quantile(&mut walls, 50),
        p99: quantile(&mut walls, 99),
        elsewhere: calls.took() / count.max(1),
        calls,
        logged: (of_each(bytes, logged.0), of_each(lines, logged.1)),
        peak_memory: environment.process().peak_memory()?,
    })
}

fn expect_success(subject: &Subject, status: u64) -> Result<(), Error> {
    if status == 200 { Ok(()) } else { Err(format!("{} answered {status}", subject.name).into()) }
}

/// The value that `percent` of them do not exceed.
fn quantile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    let place = values.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::quantile;

    #[test]
    fn quantiles_are_measured_values() {
        let mut values: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&mut values, 50), Duration::from_millis(50));
        assert_eq!(quantile(&mut values, 99), Duration::from_millis(99));
        assert_eq!(quantile(&mut [], 50), Duration::ZERO);
    }
}
