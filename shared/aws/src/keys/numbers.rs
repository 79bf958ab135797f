//! Keys of numbers: who holds them, who is buying them, and what is due for them.

use telephony::domain::ids::{
    AccountId, BusinessId, MessageId, NumberId, PurchaseId, SubscriptionId, TenantId,
};
use telephony::domain::phone::E164;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Task, TaskKind};

use super::{Key, SHARDS, moment, read_moment};

/// The partition of a tenant's numbers.
pub fn numbers(tenant: &TenantId) -> String {
    format!("T#{tenant}#N")
}

/// A tenant's number.
pub fn number(tenant: &TenantId, phone: &E164) -> Key {
    Key::new(numbers(tenant), phone.expose())
}

/// Who holds a number at an account.
pub fn route(account: &AccountId, phone: &E164) -> Key {
    Key::new(format!("R#{account}#{}", phone.expose()), "R")
}

/// `timeline`: the numbers that are held through an account, whoever has them.
pub fn numbers_of(account: &AccountId) -> String {
    format!("ACC#{account}#N")
}

/// The partition of the platform's numbers at an account that nobody has.
pub fn stock(account: &AccountId) -> String {
    format!("STOCK#{account}")
}

/// Such a number.
pub fn stocked(account: &AccountId, phone: &E164) -> Key {
    Key::new(stock(account), phone.expose())
}

/// The partition of a tenant's numbers by their ids, released ones too.
pub fn inventory(tenant: &TenantId) -> String {
    format!("T#{tenant}#NID")
}

/// A number by its id.
pub fn inventoried(tenant: &TenantId, id: NumberId) -> Key {
    Key::new(inventory(tenant), id.to_string())
}

/// The texts that wait for the end of a number's move.
pub fn parking(tenant: &TenantId, id: NumberId) -> String {
    format!("T#{tenant}#PARK#{id}")
}

/// One of them, by the id of its message.
pub fn parked(tenant: &TenantId, id: NumberId, message: MessageId) -> Key {
    Key::new(parking(tenant, id), message.to_string())
}

/// The receipt of a month (`2026-11`) of a number that is paid.
pub fn rent(tenant: &TenantId, id: NumberId, month: &str) -> Key {
    Key::new(format!("T#{tenant}#RENT#{id}"), month)
}

/// Which number of a business is its primary one; of the tenant, for numbers of no business.
pub fn primary(tenant: &TenantId, business: Option<&BusinessId>) -> Key {
    let business = business.map_or_else(|| "-".to_owned(), |business| format!("B#{business}"));
    Key::new(format!("T#{tenant}#NP"), business)
}

/// The purchase of a number, with its hold beside it.
pub fn purchase(tenant: &TenantId, id: PurchaseId) -> Key {
    Key::new(format!("T#{tenant}#BUY#{id}"), "P")
}

/// Whose a purchase is.
pub fn purchase_owner(id: PurchaseId) -> Key {
    Key::new(format!("BUYER#{id}"), "B")
}

/// The partition of the comparisons: how far accounts have been compared with their providers.
pub const SWEEPS: &str = "SWEEPS";

/// How far the comparison of an account with its provider has come.
pub fn sweep(account: &AccountId) -> Key {
    Key::new(SWEEPS.to_owned(), account.as_str())
}

/// The claim of an open purchase on a number, whoever's.
pub fn buying(phone: &E164) -> Key {
    Key::new(format!("BUY#{}", phone.expose()), "B")
}

/// A subscription.
pub fn subscription(tenant: &TenantId, id: &SubscriptionId) -> Key {
    Key::new(format!("T#{tenant}#SUB"), id.as_str())
}

/// `pending`: the partition of a kind of task and a shard.
pub fn tasks(kind: TaskKind, shard: u32) -> String {
    let kind = match kind {
        TaskKind::Purchase => "purchase",
        TaskKind::Number => "number",
        TaskKind::Subscription => "subscription",
        TaskKind::Stock => "stock",
    };
    format!("PEND#{kind}#{shard}")
}

/// What a task is called: whose, and which. No part of it holds a `#`.
fn task_name(task: &Task) -> String {
    match task {
        Task::Purchase(tenant, id) => format!("{tenant}#{id}"),
        Task::Number(tenant, id) => format!("{tenant}#{id}"),
        Task::Subscription(tenant, id) => format!("{tenant}#{id}"),
        Task::Stock(account, phone) => format!("{account}#{}", phone.expose()),
    }
}

/// `pending`: partition and sort key of a task that is due.
pub fn task(task: &Task, due: Timestamp) -> (String, String) {
    let name = task_name(task);
    // Any even spread will do; it only has to stay the same for one task.
    let shard =
        name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % SHARDS;
    (tasks(task.kind(), shard), moment(due, name))
}

/// Reads the sort key of [`task`] back.
pub fn read_task(kind: TaskKind, sk: &str) -> Option<(Task, Timestamp)> {
    let (due, name) = read_moment(sk)?;
    let (owner, which) = name.split_once('#')?;
    let task = match kind {
        TaskKind::Purchase => Task::Purchase(owner.parse().ok()?, which.parse().ok()?),
        TaskKind::Number => Task::Number(owner.parse().ok()?, which.parse().ok()?),
        TaskKind::Subscription => Task::Subscription(owner.parse().ok()?, which.parse().ok()?),
        TaskKind::Stock => Task::Stock(owner.parse().ok()?, which.parse().ok()?),
    };
    Some((task, due))
}
