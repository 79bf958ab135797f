//! What a call that came in is charged, once it has ended, and what it cost.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::call::{Call, CallDirection, CallRef, Leg};
use crate::domain::money::Micros;
use crate::domain::price::PriceTable;
use crate::domain::timestamp::Timestamp;
use crate::domain::usage::{Usage, UsageLine};
use crate::domain::wallet::Subject;
use crate::ports::{Charges, StoreError, Total};

/// Charges calls.
pub struct CallCharges {
    /// Where totals are set.
    pub charges: Arc<dyn Charges>,
    /// Prices.
    pub prices: &'static PriceTable,
}

impl CallCharges {
    /// Sets what a call has come to, by its legs as they are. Nothing happens before one of them has ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self, call: &Call, legs: &[Leg], now: Timestamp) -> Result<(), StoreError> {
        let Some(total) = total(call, legs, self.prices) else { return Ok(()) };
        self.charges.set_total(&total, now).await.map(|_| ())
    }
}

/// What a call has come to. A leg of a stranger's account says nothing about it: whoever knows a call's
/// opaque id could leave one there. `None`: none of its legs has ended.
fn total(call: &Call, legs: &[Leg], prices: &PriceTable) -> Option<Total> {
    let legs = || legs.iter().filter(|leg| leg.account == call.account);
    let ended = || legs().filter(|leg| leg.status.is_settled());
    ended().next()?;
    let mut usage = Usage::default();
    for leg in ended() {
        let seconds = leg.duration.unwrap_or(0);
        let part = Usage {
            seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
            charge: charge(call, Duration::from_secs(seconds), prices),
            ..Usage::default()
        };
        usage = usage.plus(&part).with_cost(leg.cost.as_ref());
    }
    usage.calls = i64::from(usage.seconds > 0);
    let line = UsageLine {
        tenant: call.tenant.clone(),
        day: call.created_at.day(),
        provider: call.provider,
        number: call.own().as_str().to_owned(),
        user: call.user.clone(),
    };
    let version = legs().map(|leg| u64::from(leg.known)).sum();
    Some(Total { subject: Subject::Call(call.id), line, usage, version })
}

/// What a leg is charged. The money of an outbound call is reserved when it is placed.
fn charge(call: &Call, duration: Duration, prices: &PriceTable) -> Micros {
    if call.own_account || call.direction == CallDirection::Outbound {
        return Micros::ZERO;
    }
    let country = call.own().phone().and_then(|phone| phone.country());
    let charge = prices.call_charge(country, duration);
    if charge.is_none() {
        let call = CallRef { tenant: call.tenant.clone(), call: call.id };
        tracing::error!(call_id = %call.call, tenant = %call.tenant, "A call that came in has no price");
    }
    charge.unwrap_or_default()
}
