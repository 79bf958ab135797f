//! What must hold of a world at rest, whatever happened to it.

use serde_json::Value;
use telephony::domain::status::MessageStatus;
use telephony::ports::{Conversations, PageRequest, Wallets};

use crate::world::{DEPOSIT, World};

/// What a scenario must end in.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Texts at the provider: their bodies begin like this, and so many there are.
    pub texts: Vec<(&'static str, usize)>,
    /// Outbound messages of ours, by the beginning of their bodies, and their statuses.
    pub statuses: Vec<(&'static str, MessageStatus)>,
    /// What was captured, in micros.
    pub captured: i64,
    /// Inbound messages, none of them read.
    pub unread: u64,
    /// All messages of the conversation.
    pub messages: u64,
}

fn integer(item: &Value, name: &str) -> i64 {
    item[name]["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} in {item}"))
}

fn word<'i>(item: &'i Value, name: &str) -> &'i str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// Money: the ledger sums to the wallet, and what is held is what the holds say. Holds at every instant.
pub async fn money(world: &World, broken: &mut Vec<String>) {
    let items = world.items();
    let of = |entity: &'static str| items.values().filter(move |item| word(item, "ent") == entity);
    let wallet = world.store.wallet(&world.tenant).await.unwrap();
    let balance: i64 = of("led").map(|item| integer(item, "amount")).sum();
    let held: i64 = of("led").map(|item| integer(item, "held")).sum();
    let holds: i64 = of("hold")
        .filter(|item| word(item, "state").trim_matches('"') == "held")
        .map(|item| integer(item, "amount"))
        .sum();
    let (kept, reserved) = (wallet.balance.get(), wallet.held.get());
    if (kept, reserved) != (balance, held) || reserved != holds {
        broken.push(format!(
            "balance {kept}, held {reserved}; the ledger says {balance}, {held}; the holds say {holds}"
        ));
    }
    if wallet.available.get() != kept - reserved || wallet.available.get() < 0 {
        broken.push(format!("available {} of {kept} less {reserved}", wallet.available.get()));
    }
}

/// Everything that must hold at rest; what does not, in words.
pub async fn at_rest(world: &World, expected: &Expected) -> Vec<String> {
    let mut broken = Vec::new();
    money(world, &mut broken).await;
    let wallet = world.store.wallet(&world.tenant).await.unwrap();
    if wallet.held.get() != 0 || wallet.balance.get() != DEPOSIT - expected.captured {
        broken.push(format!("at rest {wallet:?}, though {} were to be captured", expected.captured));
    }

    let taken = world.provider.taken();
    for (body, count) in &expected.texts {
        let there = taken.iter().filter(|text| text.body.starts_with(body)).count();
        if there != *count {
            broken.push(format!("{there} texts {body:?} at the provider, not {count}"));
        }
    }
    let all: usize = expected.texts.iter().map(|(_, count)| count).sum();
    if taken.len() != all {
        broken.push(format!("{} texts at the provider, not {all}", taken.len()));
    }

    let items = world.items();
    let messages: Vec<&Value> = items.values().filter(|item| word(item, "ent") == "msg").collect();
    for (body, status) in &expected.statuses {
        let mut found = messages.iter().filter(|item| word(item, "body").starts_with(body));
        match (found.next(), found.next()) {
            (Some(item), None) if word(item, "st") == status.as_str() => {}
            (Some(item), None) => {
                broken.push(format!("{body:?} is {}, not {}", word(item, "st"), status.as_str()));
            }
            (one, _) => broken.push(format!("{body:?}: {} messages", usize::from(one.is_some()) * 2)),
        }
    }
    if messages.len() as u64 != expected.messages {
        broken.push(format!("{} messages stored, not {}", messages.len(), expected.messages));
    }
    for item in items.values().filter(|item| !item["GSI2PK"].is_null()) {
        broken.push(format!("{:?} is still pending at {}", word(item, "body"), word(item, "GSI2SK")));
    }
    let page = PageRequest { limit: 10, cursor: None };
    let list = world.store.list(&world.tenant, &page).await.unwrap().items;
    let counted = list.iter().map(|known| (known.messages, known.unread)).collect::<Vec<_>>();
    if counted != [(expected.messages, expected.unread)] {
        broken.push(format!("counted {counted:?}, not {:?}", (expected.messages, expected.unread)));
    }
    broken
}
