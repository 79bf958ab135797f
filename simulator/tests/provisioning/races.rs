//! What somebody else does just before one of a subscription's calls: at each of them in turn.

use telephony::provider::ProviderId;

use crate::crashes::full;
use crate::law::{End, broken};
use crate::world::{World, providers};

/// Which calls are disturbed: all of them, or one of three.
fn places(calls: usize, from: usize) -> impl Iterator<Item = usize> {
    (from..calls).step_by(if full() { 1 } else { 3 })
}

async fn disturbed(provider: ProviderId, cancel: bool) {
    let simulator = providers().await;
    let whole = World::new(&simulator, provider, &[]).await;
    whole.patiently(false).await;
    assert!(whole.settle().await);
    let calls = whole.fuse.calls();
    whole.patiently(true).await;
    assert!(whole.settle().await);
    // Before there is anything, there is nothing to cancel.
    let first = calls.iter().position(|call| *call == "subscriptions.add").unwrap() + 1;
    let mut failures = Vec::new();
    for k in places(calls.len(), first) {
        let world = World::new(&simulator, provider, &[]).await;
        let (other, tenant, id, request) =
            (world.undisturbed(), world.tenant.clone(), world.id.clone(), world.request());
        world.fuse.meanwhile(
            k,
            Box::new(move || {
                Box::pin(async move {
                    let user = "admin".parse().unwrap();
                    let done = match cancel {
                        true => other.subscriptions.cancel(&tenant, &id).await,
                        false => other.subscriptions.provision(&tenant, &user, &request).await,
                    };
                    done.unwrap();
                })
            }),
        );
        world.patiently(false).await;
        let rests = world.settle().await;
        let mut found = broken(&world, if cancel { End::Canceled } else { End::Active }).await;
        if !rests {
            found.push("it does not come to rest".into());
        }
        if !found.is_empty() {
            failures.push(format!("before call {k} ({}): {found:#?}", calls[k]));
        }
        if !cancel {
            world.patiently(true).await;
            assert!(world.settle().await);
        }
    }
    assert!(failures.is_empty(), "{provider}: {}", failures.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_again_at_any_moment_gets_the_same_one() {
    disturbed(ProviderId::Twilio, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_at_any_moment_leaves_nothing_behind() {
    disturbed(ProviderId::Twilio, true).await;
    if full() {
        disturbed(ProviderId::SignalWire, true).await;
        disturbed(ProviderId::Telnyx, true).await;
    }
}
