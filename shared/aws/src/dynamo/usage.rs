//! The books: what was used, by day, provider, number and user. A line is only ever added to, in the
//! transaction of what is added, so that a repetition adds nothing.

use async_trait::async_trait;
use telephony::domain::ids::TenantId;
use telephony::domain::money::Micros;
use telephony::domain::usage::{Usage, UsageLine};
use telephony::ports::{Books, StoreError};

use super::Store;
use super::failure::failure;
use super::write::Write;
use crate::item::{ENTITY, Fields, Item, corrupt, number, text};
use crate::keys::{self, PK, SK};

/// The value of `ent`.
const USAGE: &str = "use";
/// What precedes the currency in the attribute of a cost.
const COST: &str = "c_";

/// What adds to a line; `None`: there is nothing to add.
pub(super) fn write(line: &UsageLine, added: &Usage) -> Option<Write> {
    if added.is_nothing() {
        return None;
    }
    let units = [
        ("m", added.messages),
        ("sg", added.segments),
        ("k", added.calls),
        ("ks", added.seconds),
        ("mo", added.months),
        ("ch", added.charge.get()),
    ];
    let write = Write::update(keys::usage(line))
        .set(ENTITY, text(USAGE))
        .set("day", text(line.day.clone()))
        .set("prov", text(line.provider.as_str()))
        .set("num", text(line.number.clone()))
        .set_some("user", line.user.as_ref().map(|user| text(user.as_str())));
    let write = units
        .into_iter()
        .filter(|(_, units)| *units != 0)
        .fold(write, |write, (name, units)| write.add(name, number(units)));
    let costs = added.costs.iter();
    Some(costs.fold(write, |write, (currency, amount)| {
        write.add(&format!("{COST}{currency}"), number(amount.get()))
    }))
}

fn read(tenant: &TenantId, item: &Item) -> Result<(UsageLine, Usage), StoreError> {
    let fields = Fields(item);
    let line = UsageLine {
        tenant: tenant.clone(),
        day: fields.text("day")?.to_owned(),
        provider: fields.parsed("prov")?,
        number: fields.text("num")?.to_owned(),
        user: fields.maybe_parsed("user")?,
    };
    let units = |name: &str| fields.maybe_number(name).unwrap_or(0);
    let mut usage = Usage {
        messages: units("m"),
        segments: units("sg"),
        calls: units("k"),
        seconds: units("ks"),
        months: units("mo"),
        charge: Micros::new(units("ch")),
        ..Usage::default()
    };
    for name in item.keys() {
        if let Some(currency) = name.strip_prefix(COST) {
            let amount = fields.maybe_number(name).ok_or_else(|| corrupt("cost"))?;
            if amount != 0 {
                usage.costs.insert(currency.to_owned(), Micros::new(amount));
            }
        }
    }
    Ok((line, usage))
}

#[async_trait]
impl Books for Store {
    async fn usage(
        &self,
        tenant: &TenantId,
        from: &str,
        to: &str,
    ) -> Result<Vec<(UsageLine, Usage)>, StoreError> {
        let mut lines = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":pk", text(keys::usage_partition(tenant)))
                .expression_attribute_values(":from", text(from))
                // `$` follows `#`, which follows the day.
                .expression_attribute_values(":to", text(format!("{to}$")))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| failure(&error))?;
            for item in answer.items.unwrap_or_default() {
                lines.push(read(tenant, &item)?);
            }
            match answer.last_evaluated_key {
                Some(last) => start = Some(last),
                None => return Ok(lines),
            }
        }
    }
}
