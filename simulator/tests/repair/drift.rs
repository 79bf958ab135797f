//! Seeded drift: each kind is found, and only it; nothing else is touched; what a dry run says is what is done.

use std::collections::BTreeSet;

use telephony::provider::ProviderId;

use crate::kinds::{At, KINDS, Kind};
use crate::world::{OURS, UNMANAGED, World, finding, ours};

async fn check(world: &World, kind: &Kind) {
    let name = kind.name();
    let clean = world.everything().await;
    kind.seed(world).await;
    let seeded = world.everything().await;
    assert_ne!(clean, seeded, "{name}: nothing was changed");
    let writes = world.writes().await;

    let dry = world.run(true).await;
    let found: Vec<_> = dry.drifted.iter().map(|drift| (drift.provider, drift.field, drift.reason)).collect();
    assert_eq!(found, [(kind.provider.as_str(), kind.field, kind.reason)], "{name}");
    let drift = &dry.drifted[0];
    let number = matches!(kind.at, At::Number | At::Voice | At::Texts | At::Region);
    assert_eq!(drift.phone_number, number.then(|| ours(kind.provider, 2)), "{name}");
    assert_eq!((drift.repairable, drift.repaired), (true, false), "{name}");
    assert_eq!((dry.checked, dry.unmanaged, dry.unavailable.len()), (OURS, UNMANAGED, 0), "{name}");
    assert_eq!(world.writes().await, writes, "{name}: a dry run wrote");
    assert_eq!(world.everything().await, seeded, "{name}");

    let done = world.run(false).await;
    assert_eq!(done.drifted.iter().map(finding).collect::<Vec<_>>(), dry.drifted, "{name}");
    assert!(done.drifted.iter().all(|drift| drift.repaired), "{name}: {:?}", done.drifted);
    assert!(world.writes().await > writes, "{name}");

    let again = world.run(false).await;
    assert_eq!(again.drifted, [], "{name}");
    let subject = kind.subject(world);
    let others = |all: Vec<(String, serde_json::Value)>| -> Vec<_> {
        all.into_iter().filter(|(id, _)| *id != subject).collect()
    };
    assert_eq!(others(world.everything().await), others(clean), "{name}: something else was touched");
}

#[test]
fn there_are_forty_kinds_at_least_over_four_providers() {
    let kinds: BTreeSet<_> = KINDS.iter().map(|kind| (kind.name(), kind.writes)).collect();
    assert_eq!(kinds.len(), KINDS.len(), "each is there once");
    let of = |provider| KINDS.iter().filter(|kind| kind.provider == provider).count();
    assert!(KINDS.len() >= 40 && ProviderId::ALL.into_iter().all(|provider| of(provider) > 0));
    for provider in ProviderId::ALL {
        println!("{provider}: {} kinds of drift", of(provider));
    }
}

async fn each_kind_of(provider: ProviderId) {
    let world = World::new().await;
    let writes = world.writes().await;
    assert_eq!(world.run(false).await.drifted, [], "what the adapters set up is as it should be");
    assert_eq!(world.writes().await, writes);
    for kind in KINDS.iter().filter(|kind| kind.provider == provider) {
        check(&world, kind).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_at_twilio() {
    each_kind_of(ProviderId::Twilio).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_at_signalwire() {
    each_kind_of(ProviderId::SignalWire).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_at_telnyx() {
    each_kind_of(ProviderId::Telnyx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_at_retell() {
    each_kind_of(ProviderId::Retell).await;
}

/// As it is found in the wild: everything at once.
#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_at_once_is_done_in_one_go_and_piece_by_piece() {
    let world = World::new().await;
    for kind in KINDS {
        kind.seed(&world).await;
    }
    let dry = world.run(true).await;
    assert!(dry.drifted.len() >= 40, "{}", dry.drifted.len());
    // A run that may do one number at a time.
    world.clock.step.store(21, std::sync::atomic::Ordering::SeqCst);
    let (pieces, runs) = world.runs(true).await;
    assert_eq!((pieces.checked, pieces.unmanaged), (OURS, UNMANAGED));
    assert!(runs > 10, "{runs}");
    assert_eq!(pieces.drifted, dry.drifted);
    let (done, _) = world.runs(false).await;
    assert_eq!(done.drifted.iter().map(finding).collect::<Vec<_>>(), dry.drifted);
    assert!(done.drifted.iter().all(|drift| drift.repaired));
    let (again, _) = world.runs(false).await;
    assert_eq!(again.drifted, []);
}
