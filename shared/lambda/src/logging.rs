//! Logs: one JSON object a line, times in UTC, no colours. Message text for people, fields for
//! queries; never a body, never a phone number.

use std::error::Error;
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Settings;

/// Libraries that, below `info`, print requests and events with everything in them. `LOG_LEVEL`
/// does not reach them. (A target stands for all that begin with it.)
const VERBOSE: [&str; 6] = ["aws", "h2", "hyper", "lambda_", "reqwest", "rustls"];
/// Where `lambda_runtime` repeats, without a request id, what is logged here already: a handler's
/// error and a panic.
const REPEATED: &str = "lambda_runtime::layers::panic";

/// Starts logging at `LOG_LEVEL` (default `info`), and panics with it. To be called once; a second
/// call changes nothing.
pub fn init(settings: &Settings) {
    let level =
        settings.optional("LOG_LEVEL").and_then(|word| word.parse().ok()).unwrap_or(LevelFilter::INFO);
    let quiet = level.min(LevelFilter::INFO);
    let targets = Targets::new()
        .with_default(level)
        .with_targets(VERBOSE.map(|target| (target, quiet)))
        .with_target(REPEATED, LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_ansi(false);
    if tracing_subscriber::registry().with(targets).with(lines).try_init().is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Says where, not what: a panic's message may quote the text that it tripped over.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a panic; the invocation fails");
}

/// The span of one invocation. Functions add to it what they learn:
/// `Span::current().record("provider", …)`.
pub fn invocation_span(request_id: &str) -> tracing::Span {
    tracing::info_span!(
        "invocation",
        request_id,
        gateway_request_id = tracing::field::Empty,
        provider = tracing::field::Empty,
        message_id = tracing::field::Empty,
        provider_sid = tracing::field::Empty,
    )
}

/// An error with all that caused it, on one line. No `Display` of ours repeats its source.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn a_chain_names_every_cause_once() {
        assert_eq!(chain(&Outer(std::fmt::Error)), format!("outer: {}", std::fmt::Error));
    }
}
