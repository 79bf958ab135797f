//! Many buyers at once.

use std::sync::Arc;

use futures_util::future::join_all;
use proptest::prelude::*;
use telephony::app::numbers::purchase::{Answer, Bought};
use telephony::app::problem::{Code, Problem};
use telephony::domain::money::Micros;
use telephony::domain::spending::SpendCap;
use telephony::ports::Wallets;
use telephony::provider::ProviderId;

use crate::fuse::Fuse;
use crate::law;
use crate::market::Mood;
use crate::scenario::{Act, Scenario, full};
use crate::support::samples::tenant;
use crate::turns::Turns;
use crate::world::{Engine, World, price};

fn number(n: usize) -> String {
    format!("+1415555{:04}", 2000 + n)
}

fn is_done(answer: &Result<Bought, Problem>) -> bool {
    matches!(answer, Ok(Bought { answer: Answer::Done(_), .. }))
}

/// 50 at once against a wallet that can pay for 7.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_buyers_and_money_for_seven() {
    let engine = Engine::start().await;
    for provider in [ProviderId::Twilio, ProviderId::Telnyx] {
        let world = World::new(&engine, provider, Mood::default(), &[]).await;
        world.providers.with(|state| state.for_sale = (0..50).map(number).collect());
        let paid = 7 * price() + price() / 2;
        world.deposit("acme", paid).await;
        world.deposit("bolt", paid).await;
        let processes: Vec<_> = (0..50).map(|_| Arc::new(world.another(Fuse::new(&[]), None))).collect();
        let buying = processes.into_iter().enumerate().map(|(n, process)| {
            tokio::spawn(async move { process.buy(&tenant("acme"), &number(n), "platform", None).await })
        });
        let answers: Vec<_> = join_all(buying).await.into_iter().map(Result::unwrap).collect();
        for problem in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(problem.code(), Code::InsufficientBalance, "{problem:?}");
        }
        let scenario = Scenario::new("fifty", provider, Mood::default(), Act::Buy, 7);
        assert!(scenario.settle(&world).await);
        assert_eq!(law::done(&world.items()), 7);
        assert_eq!(world.providers.with(|state| state.sold.len()), 7);
        let broken = law::at_rest(&world, &[("acme", paid), ("bolt", paid)], 50);
        assert!(broken.is_empty(), "{broken:#?}");
    }
}

/// 50 at once against a cap that allows 7, and money for all.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_buyers_and_a_cap_for_seven() {
    let engine = Engine::start().await;
    let world = World::new(&engine, ProviderId::Twilio, Mood::default(), &[]).await;
    world.providers.with(|state| state.for_sale = (0..50).map(number).collect());
    let paid = 100 * price();
    world.deposit("acme", paid).await;
    world.deposit("bolt", paid).await;
    let cap = SpendCap { daily: Some(Micros::new(8 * price() - 1)), monthly: None };
    world.store.set_spend_cap(&tenant("acme"), &cap).await.unwrap();
    let processes: Vec<_> = (0..50).map(|_| Arc::new(world.another(Fuse::new(&[]), None))).collect();
    let buying = processes.into_iter().enumerate().map(|(n, process)| {
        tokio::spawn(async move { process.buy(&tenant("acme"), &number(n), "platform", None).await })
    });
    let answers: Vec<_> = join_all(buying).await.into_iter().map(Result::unwrap).collect();
    for problem in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(problem.code(), Code::SpendCapReached, "{problem:?}");
        assert_eq!(problem.errors()[0].field, "daily");
    }
    let scenario = Scenario::new("fifty", ProviderId::Twilio, Mood::default(), Act::Buy, 7);
    assert!(scenario.settle(&world).await);
    assert_eq!((law::done(&world.items()), world.providers.with(|state| state.sold.len())), (7, 7));
    let broken = law::at_rest(&world, &[("acme", paid), ("bolt", paid)], 50);
    assert!(broken.is_empty(), "{broken:#?}");
}

/// So many buyers, one request at a time in an order drawn from a seed, with money for some.
async fn interleaved(engine: &Arc<Engine>, buyers: usize, affordable: usize, same: bool, seed: u64) {
    let world = World::new(engine, ProviderId::Twilio, Mood::default(), &[]).await;
    world.providers.with(|state| state.for_sale = (0..buyers).map(number).collect());
    let paid = i64::try_from(affordable).unwrap() * price() + price() / 2;
    world.deposit("acme", paid).await;
    world.deposit("bolt", paid).await;
    let turns = Turns::new(buyers, seed);
    let processes: Vec<_> = (0..buyers).map(|_| world.another(Fuse::new(&[]), Some(turns.clone()))).collect();
    let buying = processes.iter().enumerate().map(|(n, process)| {
        let turns = turns.clone();
        let phone = number(if same { 0 } else { n });
        async move {
            let buyer = tenant(if same && n % 2 == 1 { "bolt" } else { "acme" });
            let answer = process.buy(&buyer, &phone, "platform", None).await;
            turns.leave();
            answer
        }
    });
    let answers = join_all(buying).await;
    let done = answers.iter().filter(|answer| is_done(answer)).count();
    for problem in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        let expected = [Code::InsufficientBalance, Code::NumberUnavailable, Code::InProgress];
        assert!(expected.contains(&problem.code()), "{problem:?}");
    }
    let scenario = Scenario::new("interleaved", ProviderId::Twilio, Mood::default(), Act::Buy, done);
    assert!(scenario.settle(&world).await);
    let expected = if same { 1.min(affordable) } else { affordable.min(buyers) };
    assert_eq!((done, law::done(&world.items())), (expected, expected), "seed {seed}");
    let broken = law::at_rest(&world, &[("acme", paid), ("bolt", paid)], buyers);
    assert!(broken.is_empty(), "seed {seed}: {broken:#?}");
}

/// No order of any buyers' requests overspends, or buys a number twice.
#[test]
fn any_interleaving_buys_what_can_be_paid() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(Engine::start());
    let cases = if full() { 200 } else { 12 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(buyers in 2_usize..7, affordable in 0_usize..4, same: bool, seed: u64)| {
        runtime.block_on(interleaved(&engine, buyers, affordable, same, seed));
    });
}
