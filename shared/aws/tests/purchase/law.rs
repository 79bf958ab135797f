//! What must hold: of the money at every instant, of everything at rest.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use telephony::domain::mark::Marker;

use crate::world::{FOREIGN, STACK, World};

pub type Items = HashMap<(String, String), Value>;

fn integer(item: &Value, name: &str) -> i64 {
    item[name]["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} in {item}"))
}

fn word<'i>(item: &'i Value, name: &str) -> &'i str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// The stored documents of a kind.
fn documents(items: &Items, entity: &str) -> Vec<Value> {
    let of = items.values().filter(|item| word(item, "ent") == entity);
    of.map(|item| serde_json::from_str(word(item, "doc")).unwrap()).collect()
}

fn tenant_of(pk: &str) -> &str {
    pk.split('#').nth(1).unwrap()
}

/// Of every wallet: the ledger sums to the balance, what is held is what the holds say, and nothing that was
/// spent was not there.
pub fn money(items: &Items, broken: &mut Vec<String>) {
    let mut sums: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
    for ((pk, _), item) in items {
        let sum = || sums_of(item);
        if let Some((balance, held, holds)) = sum() {
            let entry = sums.entry(tenant_of(pk)).or_default();
            *entry = (entry.0 + balance, entry.1 + held, entry.2 + holds);
        }
    }
    for ((pk, _), item) in items.iter().filter(|(_, item)| word(item, "ent") == "wal") {
        let (balance, held) = (integer(item, "balance"), integer(item, "held"));
        let (ledger, reserved, holds) = sums.get(tenant_of(pk)).copied().unwrap_or_default();
        if (balance, held) != (ledger, reserved) || held != holds {
            broken.push(format!(
                "{pk}: balance {balance}, held {held}; ledger {ledger}, {reserved}; holds {holds}"
            ));
        }
        // What is spent on the day is what its holds come to; only purchases are charged here.
        let day = item["day"]["N"].as_str();
        let of_day = items.iter().filter(|((of, _), hold)| {
            word(hold, "ent") == "hold"
                && tenant_of(of) == tenant_of(pk)
                && word(hold, "state").trim_matches('"') != "released"
                && hold["day"]["N"].as_str() == day
        });
        let of_day: i64 = of_day.map(|(_, hold)| integer(hold, "amount")).sum();
        if day.is_some() && integer(item, "spd") != of_day {
            broken
                .push(format!("{pk}: {} spent on a day whose holds come to {of_day}", integer(item, "spd")));
        }
        let cap = item["cpd"]["N"].as_str().map(|text| text.parse::<i64>().unwrap());
        if cap.is_some_and(|cap| of_day > cap) {
            broken.push(format!("{pk}: {of_day} spent in spite of a cap of {cap:?}"));
        }
        let available = integer(item, "available");
        if available != balance - held || available < 0 {
            broken.push(format!("{pk}: available {available} of {balance} less {held}"));
        }
    }
}

/// What an item adds to the sums of its tenant: the ledger's amounts and holds, and what holds hold.
fn sums_of(item: &Value) -> Option<(i64, i64, i64)> {
    match word(item, "ent") {
        "led" => Some((integer(item, "amount"), integer(item, "held"), 0)),
        "hold" if word(item, "state").trim_matches('"') == "held" => Some((0, 0, integer(item, "amount"))),
        _ => None,
    }
}

/// Tasks that are left, other than rents and numbers that are tried to be given back.
pub fn open_tasks(items: &Items) -> Vec<String> {
    let left = items.values().filter(|item| match word(item, "ent") {
        "buy" => !item["GSI2PK"].is_null(),
        "inv" => word(item, "doc").contains(r#""status":"releasing""#),
        _ => false,
    });
    left.map(|item| word(item, "GSI2SK").to_owned()).collect()
}

/// When a number is tried to be given back next.
pub fn returns(items: &Items) -> Vec<String> {
    let left = items.values().filter(|item| word(item, "ent") == "stk" && !item["GSI2PK"].is_null());
    left.map(|item| word(item, "GSI2SK").to_owned()).collect()
}

/// Purchases that ended with a number.
pub fn done(items: &Items) -> usize {
    documents(items, "buy").iter().filter(|purchase| purchase["state"] == "done").count()
}

/// Everything that must hold at rest; what does not, in words. `deposits` is what each tenant paid in,
/// `requests` how many purchases were asked for.
pub fn at_rest(world: &World, deposits: &[(&str, i64)], requests: usize) -> Vec<String> {
    let items = world.items();
    let mut broken = world.broken.lock().unwrap().clone();
    money(&items, &mut broken);
    let purchases = documents(&items, "buy");
    let numbers = documents(&items, "inv");
    let routes: HashSet<String> = documents(&items, "num").iter().map(of_number).collect();
    let stock: HashMap<String, Value> = documents(&items, "stk")
        .into_iter()
        .map(|number| (number["phone"].as_str().unwrap().to_owned(), number))
        .collect();

    // Every purchase is final, nothing is claimed and nothing is held for it.
    for purchase in &purchases {
        if !matches!(purchase["state"].as_str(), Some("done" | "failed")) {
            broken.push(format!("a purchase is {}", purchase["state"]));
        }
    }
    let left = items.values().filter(|item| word(item, "ent") == "claim").count();
    if left > 0 {
        broken.push(format!("{left} claims are left"));
    }
    for ((pk, _), item) in items.iter().filter(|(_, item)| word(item, "ent") == "hold") {
        if word(item, "state").trim_matches('"') == "held" {
            broken.push(format!("{pk} holds money and has ended"));
        }
    }
    if !open_tasks(&items).is_empty() {
        broken.push(format!("left to do: {:?}", open_tasks(&items)));
    }

    // What was charged is what was bought.
    for (tenant, deposit) in deposits {
        let charged: i64 = purchases
            .iter()
            .filter(|purchase| purchase["tenant"] == *tenant && purchase["state"] == "done")
            .map(|purchase| purchase["charge"].as_i64().unwrap_or_default())
            .sum();
        let wallet = items.get(&(format!("T#{tenant}#W"), "W".to_owned())).expect("a wallet");
        if (integer(wallet, "balance"), integer(wallet, "held")) != (deposit - charged, 0) {
            broken.push(format!("{tenant} paid {charged} of {deposit} and has {wallet}"));
        }
    }

    // At the provider: each marked number has a record or is on its way back; nothing else was touched.
    let marker = Marker::new(STACK);
    let (held, sold, returned, configured) = world.providers.with(|state| {
        (state.held.clone(), state.sold.clone(), state.returned.clone(), state.configured.clone())
    });
    for ((_, phone), number) in &held {
        if marker.read(&number.mark).is_none() {
            let touched =
                phone != FOREIGN || number.mark != "Front desk" || number.voice != "https://example.com";
            if touched {
                broken.push(format!("{phone} carries {:?}", number.mark));
            }
            continue;
        }
        let recorded = routes.contains(&format!("{phone} {}", number.sid));
        let on_its_way =
            stock.get(phone).is_some_and(|stock| stock["release"]["mark"] == number.mark.as_str());
        if recorded == on_its_way {
            broken.push(format!(
                "{phone} of {} is held: record {recorded}, on its way {on_its_way}",
                number.mark
            ));
        }
    }
    if !held.contains_key(&(world.provider, FOREIGN.to_owned())) {
        broken.push("a foreign number was given back".into());
    }
    for mark in returned.iter().map(|(_, mark)| mark).chain(&configured) {
        if marker.read(mark).is_none() {
            broken.push(format!("a number of {mark:?} was touched"));
        }
    }

    // One number for each request at most, and every number of ours is where its record says.
    let marks: HashSet<&String> = sold.iter().map(|(_, mark)| mark).collect();
    if marks.len() != sold.len() || sold.len() > requests {
        broken.push(format!("{} sold under {} marks for {requests} requests", sold.len(), marks.len()));
    }
    for number in &numbers {
        let phone = number["phone"].as_str().unwrap();
        let mark = number["holding"]["mark"].as_str().unwrap_or_default();
        let there = held.get(&(world.provider, phone.to_owned())).is_some_and(|held| held.mark == mark);
        let released = number["status"] == "released";
        let waits = stock.get(phone).is_some_and(|stock| stock["release"]["mark"] == mark);
        if there != (!released || waits) {
            broken.push(format!("{phone} is {} and held: {there}", number["status"]));
        }
    }
    broken
}

fn of_number(number: &Value) -> String {
    format!("{} {}", number["phone"].as_str().unwrap(), number["sid"].as_str().unwrap_or_default())
}
