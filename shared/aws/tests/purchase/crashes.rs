//! Purchases, cut at every request, at every provider that sells numbers.

use std::time::Duration;

use telephony::provider::ProviderId::{self, SignalWire, Telnyx, Twilio};

use crate::market::Mood;
use crate::scenario::{Act, Scenario, never};

const SELLERS: [ProviderId; 3] = [Twilio, SignalWire, Telnyx];

async fn at_every_seller(name: &'static str, mood: Mood, act: Act, done: usize) {
    for provider in SELLERS {
        Scenario::new(name, provider, mood, act, done).enumerate().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_purchase() {
    for provider in SELLERS {
        let plain = Scenario::new("plain", provider, Mood::default(), Act::Buy, 1);
        // The one that everybody meets is cut everywhere in any case.
        Scenario { every: 1, ..plain }.enumerate().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_whose_client_does_not_come_back() {
    at_every_seller("client gone", Mood::default(), Act::BuyOnce, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_through_an_account_of_ones_own() {
    at_every_seller("own account", Mood::default(), Act::BuyOwn, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_sold() {
    at_every_seller("taken meanwhile", Mood::default(), Act::Taken, 0).await;
    for (provider, code) in [(Twilio, 21631), (SignalWire, 4001), (Telnyx, 20100)] {
        let mood = Mood { refuses: Some(code), ..Mood::default() };
        Scenario::new("refused", provider, mood, Act::Buy, 0).enumerate().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_seen_late() {
    let shy = |minutes: u64| Mood { shy: Duration::from_secs(minutes * 60), ..Mood::default() };
    at_every_seller("seen after 4 minutes", shy(4), Act::Buy, 1).await;
    // Longer than it is looked for: then its purchase has failed, and the comparison gives it back.
    for provider in [Twilio, SignalWire] {
        Scenario::new("seen after 40 minutes", provider, shy(40), Act::Buy, 1).enumerate().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_come_later() {
    let mood = Mood { forgets_settings: true, ..Mood::default() };
    at_every_seller("sold without its settings", mood, Act::Buy, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_be_used_is_given_back() {
    let mood = Mood { forgets_settings: true, refuses_settings: true, ..Mood::default() };
    at_every_seller("settings refused", mood, Act::Buy, 0).await;
    let until = Mood { keeps_until: Some(crate::support::samples::at(1800)), ..mood };
    at_every_seller("settings refused, not taken back for a while", until, Act::Buy, 0).await;
    let never = Mood { keeps_until: Some(never()), ..mood };
    at_every_seller("settings refused, never taken back", never, Act::Buy, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_take_their_time() {
    let pending = |seconds| Mood { pending: Duration::from_secs(seconds), ..Mood::default() };
    for (name, mood, done) in [
        ("ordered, done in a minute", pending(50), 1),
        ("ordered, done in two days", pending(2 * 86_400), 1),
        ("ordered, failed", Mood { orders_fail: true, ..pending(300) }, 0),
        ("to be searched for", Mood { wants_search: true, ..pending(50) }, 1),
    ] {
        Scenario::new(name, Telnyx, mood, Act::Buy, done).enumerate().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_want_the_same_number() {
    at_every_seller("two tenants", Mood::default(), Act::BuyBoth, 1).await;
    at_every_seller("the same tenant twice", Mood::default(), Act::BuyTwice, 1).await;
    let slow = Mood { pending: Duration::from_secs(600), ..Mood::default() };
    Scenario::new("two tenants, a slow order", Telnyx, slow, Act::BuyBoth, 1).enumerate().await;
}
