//! What must hold of a world at rest, whatever happened to it.

use std::collections::HashMap;

use serde_json::Value;
use telephony::domain::status::MessageStatus;

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
    pub unread: i64,
    /// All messages of the conversation.
    pub messages: i64,
}

fn integer(item: &Value, name: &str) -> i64 {
    item[name]["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} in {item}"))
}

fn word<'i>(item: &'i Value, name: &str) -> &'i str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// Balance, held and available, as the wallet's item says; read past the proxy, so that no fault that
/// waits for the run is spent here.
fn wallet(items: &HashMap<(String, String), Value>) -> (i64, i64, i64) {
    let item = items.values().find(|item| word(item, "ent") == "wal").expect("a wallet");
    (integer(item, "balance"), integer(item, "held"), integer(item, "available"))
}

/// Money: the ledger sums to the wallet, what is held is what the holds say, and what was paid is in the
/// books. Holds at every instant.
pub fn money(world: &World, broken: &mut Vec<String>) {
    let items = world.items();
    let of = |entity: &'static str| items.values().filter(move |item| word(item, "ent") == entity);
    let (kept, reserved, available) = wallet(&items);
    let balance: i64 = of("led").map(|item| integer(item, "amount")).sum();
    let held: i64 = of("led").map(|item| integer(item, "held")).sum();
    let holds: i64 = of("hold")
        .filter(|item| word(item, "state").trim_matches('"') == "held")
        .map(|item| integer(item, "amount"))
        .sum();
    if (kept, reserved) != (balance, held) || reserved != holds {
        broken.push(format!(
            "balance {kept}, held {reserved}; the ledger says {balance}, {held}; the holds say {holds}"
        ));
    }
    let charged: i64 = of("use").filter(|line| !line["ch"].is_null()).map(|line| integer(line, "ch")).sum();
    if charged != DEPOSIT - kept {
        broken.push(format!("the books have charged {charged}, the wallet has paid {}", DEPOSIT - kept));
    }
    if available != kept - reserved || available < 0 {
        broken.push(format!("available {available} of {kept} less {reserved}"));
    }
    // While everything is of one day, what is spent on it is what is not available any more.
    let of_wallet = of("wal").next().expect("a wallet");
    let day = &of_wallet["day"]["N"];
    if !day.is_null() && of("hold").all(|hold| hold["day"]["N"] == *day) {
        let spent = (integer(of_wallet, "spd"), integer(of_wallet, "spm"));
        if spent != (DEPOSIT - available, DEPOSIT - available) {
            broken.push(format!("{spent:?} spent on the day and in its month, of which {available} is left"));
        }
    }
}

/// Everything that must hold at rest; what does not, in words.
pub fn at_rest(world: &World, expected: &Expected) -> Vec<String> {
    let mut broken = Vec::new();
    money(world, &mut broken);
    let items = world.items();
    let (kept, reserved, _) = wallet(&items);
    if (kept, reserved) != (DEPOSIT - expected.captured, 0) {
        broken
            .push(format!("at rest {kept} and {reserved} held, of which {} is captured", expected.captured));
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

    let messages: Vec<&Value> = items.values().filter(|item| word(item, "ent") == "msg").collect();
    for (body, status) in &expected.statuses {
        let mut found = messages.iter().filter(|item| word(item, "body").starts_with(body));
        match (found.next(), found.next()) {
            (Some(item), None) if word(item, "st") == status.as_str() => {}
            (Some(item), None) => {
                broken.push(format!("{body:?} is {}, not {}", word(item, "st"), status.as_str()));
            }
            (Some(one), Some(two)) if [one, two].iter().all(|item| word(item, "st") == status.as_str()) => {}
            (one, _) => broken.push(format!("{body:?} is {:?}", one.map(|item| word(item, "st")))),
        }
    }
    if i64::try_from(messages.len()).unwrap() != expected.messages {
        broken.push(format!("{} messages stored, not {}", messages.len(), expected.messages));
    }
    for item in items.values().filter(|item| !item["GSI2PK"].is_null()) {
        broken.push(format!("{:?} is still pending at {}", word(item, "body"), word(item, "GSI2SK")));
    }
    let list = items.values().filter(|item| word(item, "ent") == "cnv");
    let counted = list.map(|item| (integer(item, "cnt"), integer(item, "unread"))).collect::<Vec<_>>();
    if counted != [(expected.messages, expected.unread)] {
        broken.push(format!("counted {counted:?}, not {:?}", (expected.messages, expected.unread)));
    }
    broken
}
