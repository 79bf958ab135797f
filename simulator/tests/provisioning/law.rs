//! What must be true when nothing more happens.

use std::collections::HashMap;

use telephony::domain::number::NumberStatus;
use telephony::domain::subscription::SubscriptionState;
use telephony::ports::Wallets;
use telephony::provider::ProviderId;

use crate::support::ledger_sums;
use crate::world::{BASE, CHARGE, DEPOSIT, World};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Active,
    Canceled,
}

/// Everything that is broken.
pub async fn broken(world: &World, end: End) -> Vec<String> {
    let mut broken = Vec::new();
    let mut demand = |holds: bool, what: String| {
        if !holds {
            broken.push(what);
        }
    };
    let Some(stored) = world.stored().await else { return vec!["there is no subscription".to_owned()] };
    let wanted = match end {
        End::Active => SubscriptionState::Active,
        End::Canceled => SubscriptionState::Canceled,
    };
    demand(stored.state == wanted, format!("{:?}: {:?}", stored.state, stored.trouble));
    let rests = stored.trouble.is_none() && stored.due.is_none() && stored.busy_until.is_none();
    demand(rests, format!("not at rest: {stored:?}"));
    let (accounts, held) = world.at_provider().await;
    let numbers = world.numbers().await;
    let (balance, holds) = ledger_sums(&world.table, world.tenant.as_str()).await;
    let wallet = world.table.store.wallet(&world.tenant).await.unwrap();
    demand(
        (balance, holds) == (wallet.balance.get(), wallet.held.get()),
        "the ledger is not the balance".into(),
    );
    demand(holds == 0, format!("{holds} is held for nothing"));
    match end {
        End::Active => {
            demand(accounts.len() == 1, format!("{} subaccounts", accounts.len()));
            demand(held.len() == 1, format!("{} numbers at the provider", held.len()));
            demand(numbers.len() == 1, format!("{} numbers in the inventory", numbers.len()));
            demand(balance == DEPOSIT - CHARGE, format!("{balance} is left"));
            let Some(number) = numbers.first() else { return broken };
            demand(stored.number == Some(number.id), "it is not the subscription's".into());
            demand(number.status == NumberStatus::Active, format!("{:?}", number.status));
            demand(number.account == stored.account && !number.own_account, "in another account".into());
            demand(number.user.as_ref() == Some(&stored.wish.user), "of somebody else".into());
            let Some(remote) = held.first() else { return broken };
            demand(remote["phone_number"] == number.phone.expose(), "another number".into());
            demand(points_at_us(world.provider, &remote.to_string()), format!("not pointed at us: {remote}"));
            let record = world.account().await;
            demand(record.is_some_and(|record| record.is_usable()), "the account cannot be used".into());
        }
        End::Canceled => {
            demand(accounts.len() <= 1, format!("{} subaccounts", accounts.len()));
            demand(held.is_empty(), format!("{} numbers left at the provider", held.len()));
            let left: Vec<_> = numbers.iter().filter(|n| n.status != NumberStatus::Released).collect();
            demand(left.is_empty(), format!("left in the inventory: {left:?}"));
            demand(numbers.len() <= 1, format!("{} numbers were bought", numbers.len()));
            let paid = if numbers.is_empty() { 0 } else { CHARGE };
            demand(balance == DEPOSIT - paid, format!("{balance} is left"));
            let record = world.account().await;
            demand(record.is_none_or(|record| !record.is_usable()), "the account can be used".into());
            // A project of SignalWire's cannot be stopped.
            let stopped = accounts.iter().all(|account| account["status"] != "active");
            demand(stopped || world.provider == ProviderId::SignalWire, format!("not stopped: {accounts:?}"));
        }
    }
    broken
}

fn points_at_us(provider: ProviderId, remote: &str) -> bool {
    match provider {
        ProviderId::Telnyx => remote.contains("connection_id") && remote.contains("messaging_profile_id"),
        _ => ["sms", "voice", "call-status"]
            .iter()
            .all(|path| remote.contains(&format!("{BASE}/api/webhooks/{provider}/{path}"))),
    }
}

/// How often each call was made.
pub fn counted(calls: &[&'static str]) -> HashMap<&'static str, usize> {
    let mut counts = HashMap::new();
    for call in calls {
        *counts.entry(*call).or_default() += 1;
    }
    counts
}
