//! Counters for CloudWatch in the embedded metric format: a line on the standard output, no call.

use std::io::{self, Write};

use serde_json::json;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::ProviderId;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Tandem";

/// What is counted. The dashboard and the alarms name these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Messages that a provider accepted.
    MessagesSent,
    /// Messages that ended as failed or undelivered.
    MessagesFailed,
    /// Sends whose answer was lost.
    MessagesUnknown,
    /// Messages that arrived.
    MessagesReceived,
    /// Messages that arrived and that no webhook brought.
    MessagesBackfilled,
    /// Webhooks that were refused for their signature.
    WebhooksRefused,
    /// Verified webhooks that name nothing of ours.
    WebhooksUnrouted,
    /// Calls to a provider that failed.
    ProviderErrors,
    /// Event endpoints that were switched off for their failures.
    EndpointsDisabled,
    /// Numbers that a provider does not take back, and that are kept at the platform's cost.
    NumbersKept,
    /// Numbers that carry our mark and that nobody knew, or that are ours and that no account holds.
    InventoryMismatch,
    /// Things that were due and could not be looked after.
    ReconcilerFailures,
}

impl Metric {
    /// Its name in CloudWatch.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessagesSent => "MessagesSent",
            Self::MessagesFailed => "MessagesFailed",
            Self::MessagesUnknown => "MessagesUnknown",
            Self::MessagesReceived => "MessagesReceived",
            Self::MessagesBackfilled => "MessagesBackfilled",
            Self::WebhooksRefused => "WebhooksRefused",
            Self::WebhooksUnrouted => "WebhooksUnrouted",
            Self::ProviderErrors => "ProviderErrors",
            Self::EndpointsDisabled => "EndpointsDisabled",
            Self::NumbersKept => "NumbersKept",
            Self::InventoryMismatch => "InventoryMismatch",
            Self::ReconcilerFailures => "ReconcilerFailures",
        }
    }
}

/// Counts on the standard output.
pub fn count(metric: Metric, provider: ProviderId, by: u64, now: Timestamp) {
    // A metric that cannot be written is no reason to fail what it counts.
    let _ = write_line(&mut io::stdout().lock(), metric, provider, by, now);
}

/// Counts, on the standard output, what no one provider has a part in.
pub fn count_alone(metric: Metric, by: u64, now: Timestamp) {
    let _ = write_alone(&mut io::stdout().lock(), metric, by, now);
}

/// Writes such a count to `out`.
///
/// # Errors
/// Those of `out`.
pub fn write_alone(out: &mut impl Write, metric: Metric, by: u64, now: Timestamp) -> io::Result<()> {
    let name = metric.as_str();
    let line = json!({
        "_aws": {
            "Timestamp": now.millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }],
        },
        name: by,
    });
    out.write_all(format!("{line}\n").as_bytes())
}

/// Writes one count to `out`, as one line in one write, so that lines cannot mix.
///
/// # Errors
/// Those of `out`.
pub fn write_line(
    out: &mut impl Write,
    metric: Metric,
    provider: ProviderId,
    by: u64,
    now: Timestamp,
) -> io::Result<()> {
    let name = metric.as_str();
    let line = json!({
        "_aws": {
            "Timestamp": now.millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Provider"]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }],
        },
        "Provider": provider.as_str(),
        name: by,
    });
    out.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use telephony::domain::timestamp::Timestamp;
    use telephony::provider::ProviderId;

    use super::{Metric, write_line};

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let mut out = Vec::new();
        let now = Timestamp::from_millis(1_700_000_000_000);
        write_line(&mut out, Metric::MessagesFailed, ProviderId::SignalWire, 3, now).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({
                "_aws": {
                    "Timestamp": 1_700_000_000_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Tandem",
                        "Dimensions": [["Provider"]],
                        "Metrics": [{"Name": "MessagesFailed", "Unit": "Count"}],
                    }],
                },
                "Provider": "signalwire",
                "MessagesFailed": 3,
            })
        );
    }
}
