//! Releases, cut at every request.

use telephony::provider::ProviderId::{SignalWire, Telnyx, Twilio};

use crate::market::Mood;
use crate::scenario::{Act, Scenario, never};
use crate::support::samples::at;

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_given_back() {
    for provider in [Twilio, SignalWire, Telnyx] {
        Scenario::new("release", provider, Mood::default(), Act::BuyAndRelease, 1).enumerate().await;
    }
}

/// The tenant is rid of it; the platform keeps it until the provider takes it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_taken_back() {
    for provider in [SignalWire, Telnyx] {
        let hours = Mood { keeps_until: Some(at(7200)), ..Mood::default() };
        Scenario::new("release refused for hours", provider, hours, Act::BuyAndRelease, 1).enumerate().await;
        let never = Mood { keeps_until: Some(never()), ..Mood::default() };
        Scenario::new("release refused", provider, never, Act::BuyAndRelease, 1).enumerate().await;
        Scenario::new("own release refused", provider, never, Act::BuyOwnAndRelease, 1).enumerate().await;
    }
}
