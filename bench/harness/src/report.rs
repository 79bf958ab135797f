//! The tables that `make bench` prints, in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::cost::Bill;
use crate::figures::{Starts, Warm};
use crate::tally::Counted;

/// One function's figures.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Its name.
    pub name: &'static str,
    /// Starts over plain HTTP.
    pub starts: Starts,
    /// Starts over TLS.
    pub tls: Option<Starts>,
    /// Starts over TLS with a 512 MB function's share of a core.
    pub shared: Option<Starts>,
    /// Later invocations.
    pub warm: Warm,
    /// Bytes of the binary and of its archive.
    pub size: (u64, Option<u64>),
}

/// One figure of every function.
struct Row {
    name: &'static str,
    unit: &'static str,
    digits: usize,
    target: Option<Target>,
    of: fn(&Measured) -> Option<f64>,
}

#[derive(Clone, Copy)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1e3
}

const fn row(
    name: &'static str,
    unit: &'static str,
    digits: usize,
    target: Option<Target>,
    of: fn(&Measured) -> Option<f64>,
) -> Row {
    Row { name, unit, digits, target, of }
}

const ROWS: [Row; 17] = [
    row("init, CPU", "ms", 2, Some(Target::AtMost(8.0)), |m| Some(ms(m.starts.init_cpu))),
    row("init, wall", "ms", 2, None, |m| Some(ms(m.starts.init_wall))),
    row("init with TLS, CPU", "ms", 2, Some(Target::AtMost(8.0)), |m| Some(ms(m.tls.as_ref()?.init_cpu))),
    row("first invocation, CPU", "ms", 2, None, |m| Some(ms(m.starts.first_cpu))),
    row("first invocation, wall", "ms", 2, None, |m| Some(ms(m.starts.first_wall))),
    row("first invocation with TLS, CPU", "ms", 2, None, |m| Some(ms(m.tls.as_ref()?.first_cpu))),
    row("first with TLS, 512 MB share, wall", "ms", 2, Some(Target::AtMost(15.0)), |m| {
        Some(ms(m.shared.as_ref()?.first_wall))
    }),
    row("the longest of these", "ms", 2, None, |m| Some(ms(m.shared.as_ref()?.first_wall_longest))),
    row("warm invocation, CPU", "ms", 3, Some(Target::AtMost(0.5)), |m| Some(ms(m.warm.cpu))),
    row("warm invocation, wall p50", "ms", 3, None, |m| Some(ms(m.warm.p50))),
    row("warm invocation, wall p99", "ms", 3, None, |m| Some(ms(m.warm.p99))),
    row("of it in the engine, mean", "ms", 3, None, |m| Some(ms(m.warm.elsewhere))),
    row("1 s / CPU of a warm invocation", "", 0, Some(Target::AtLeast(1_500.0)), |m| {
        Some(m.warm.per_second())
    }),
    row("peak memory", "MB", 1, Some(Target::AtMost(24.0)), |m| Some(megabytes(m.warm.peak_memory))),
    row("logged per invocation", "B", 0, None, |m| Some(m.warm.logged.0)),
    row("binary", "MB", 2, Some(Target::AtMost(9.0)), |m| Some(megabytes(m.size.0))),
    row("zip", "MB", 2, Some(Target::AtMost(4.0)), |m| m.size.1.map(megabytes)),
];

/// The table of figures. The first of `measured` is the floor.
pub fn figures(measured: &[Measured]) -> String {
    let mut text = String::from("| figure |");
    for one in measured {
        let _ = write!(text, " {} |", one.name);
    }
    text.push_str(" ratio | target | |\n|---|");
    text.push_str(&"--:|".repeat(measured.len() + 2));
    text.push_str("---|\n");
    for row in ROWS {
        let values: Vec<Option<f64>> = measured.iter().map(row.of).collect();
        let Some((floor, ours)) = values.split_first() else { continue };
        let unit = if row.unit.is_empty() { String::new() } else { format!(", {}", row.unit) };
        let _ = write!(text, "| {}{unit} |", row.name);
        for value in &values {
            let shown = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.*}", row.digits));
            let _ = write!(text, " {shown} |");
        }
        let (ratio, target, verdict) = judged(&row, *floor, ours);
        let _ = writeln!(text, " {ratio} | {target} | {verdict} |");
    }
    text
}

fn judged(row: &Row, floor: Option<f64>, ours: &[Option<f64>]) -> (String, String, &'static str) {
    let ours: Vec<f64> = ours.iter().flatten().copied().collect();
    let ratios =
        ours.iter().filter_map(|value| Some(format!("{:.1}", value / floor.filter(|floor| *floor > 0.0)?)));
    let ratio = ratios.collect::<Vec<_>>().join(" / ");
    let (target, met) = match row.target {
        None => return (ratio, String::new(), ""),
        Some(Target::AtMost(most)) => (format!("≤ {most}"), ours.iter().all(|value| *value <= most)),
        Some(Target::AtLeast(least)) => (format!("≥ {least}"), ours.iter().all(|value| *value >= least)),
    };
    let verdict = match (ours.is_empty(), met) {
        (true, _) => "not measured",
        (false, true) => "met",
        (false, false) => "MISSED",
    };
    (ratio, target, verdict)
}

/// What one kind of event asked of AWS, for one event.
pub struct Case {
    /// Which kind.
    pub name: &'static str,
    /// What was counted.
    pub counted: Counted,
    /// For how many events.
    pub events: u32,
}

/// The table of operations.
pub fn operations(cases: &[Case]) -> String {
    let mut text = String::from(
        "| event | round trips | table: operations | write units | read units | KMS, secrets, SQS |\n|---|--:|---|--:|--:|--:|\n",
    );
    for Case { name, counted, events } in cases {
        let each = |amount: f64| {
            let amount = amount / f64::from((*events).max(1));
            if amount.fract() == 0.0 { format!("{amount}") } else { format!("{amount:.2}") }
        };
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let mut kinds: Vec<&str> = counted
            .calls
            .iter()
            .filter(|call| call.service == "dynamodb")
            .map(|call| call.operation.as_str())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let _ = writeln!(
            text,
            "| {name} | {} | {}: {} | {} | {} | {} |",
            each(f64::from(counted.round_trips)),
            each(count(counted.to("dynamodb"))),
            kinds.join(", "),
            each(counted.write_units()),
            each(counted.read_units()),
            each(count(counted.elsewhere())),
        );
    }
    text
}

/// A bill.
pub fn bill(title: &str, bill: &Bill) -> String {
    let mut text = format!("| {title} | for each | $ a million |\n|---|--:|--:|\n");
    for line in bill.0.iter().filter(|line| line.amount > 0.0) {
        let _ = writeln!(text, "| {} | {:.6} | {:.3} |", line.what, line.amount, line.dollars);
    }
    let _ = writeln!(text, "| **sum** | | **{:.2}** |", bill.total());
    text
}
