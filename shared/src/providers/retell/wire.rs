//! A call as Retell writes it, in answers and in webhooks alike (OpenAPI, `V2CallBase` and
//! `V2PhoneCallResponse`). Everything is read leniently: a member that is missing, new or of another
//! type must not cost us the rest.

use std::time::Duration;

use serde_json::Value;

use super::reason;
use crate::domain::address::Address;
use crate::domain::call::{CallDirection, CallStatus, HangupCause};
use crate::domain::ids::ProviderSid;
use crate::domain::money::{Cost, Micros};
use crate::domain::timestamp::Timestamp;
use crate::provider::calling::RemoteCall;

/// The member of a call's `metadata` that is our opaque id.
pub(crate) const REFERENCE: &str = "tandem_ref";

/// A text that is not empty.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A point in time: milliseconds since the epoch.
pub(crate) fn moment(value: &Value, name: &str) -> Option<Timestamp> {
    value.get(name)?.as_i64().filter(|millis| *millis > 0).map(Timestamp::from_millis)
}

/// A call.
#[derive(Clone, Copy)]
pub(crate) struct WireCall<'v>(pub(crate) &'v Value);

/// How a call ended.
pub(crate) struct Ending {
    pub(crate) status: CallStatus,
    pub(crate) cause: HangupCause,
    pub(crate) word: String,
}

impl<'v> WireCall<'v> {
    /// Its id.
    pub(crate) fn sid(self) -> Option<ProviderSid> {
        text(self.0, "call_id")?.parse().ok()
    }

    /// A text of it.
    pub(crate) fn text(self, name: &str) -> Option<&'v str> {
        text(self.0, name)
    }

    /// One of its times.
    pub(crate) fn moment(self, name: &str) -> Option<Timestamp> {
        moment(self.0, name)
    }

    /// Who is at one of its ends; a web call has no ends.
    pub(crate) fn party(self, name: &str) -> Option<Address> {
        self.0.get(name)?.as_str().map(Address::parse)
    }

    /// Which way it goes.
    pub(crate) fn direction(self) -> Option<CallDirection> {
        match self.text("direction")? {
            "inbound" => Some(CallDirection::Inbound),
            "outbound" => Some(CallDirection::Outbound),
            _ => None,
        }
    }

    /// Our opaque id.
    pub(crate) fn reference(self) -> Option<String> {
        text(self.0.get("metadata")?, REFERENCE).map(str::to_owned)
    }

    /// How long it was connected.
    pub(crate) fn duration(self) -> Option<Duration> {
        self.0.get("duration_ms")?.as_u64().map(Duration::from_millis)
    }

    /// What Retell bills, in dollars: it counts cents.
    pub(crate) fn cost(self) -> Option<Cost> {
        let cents = self.0.get("call_cost")?.get("combined_cost")?;
        let amount = from_cents(&cents.as_number()?.to_string())?;
        Some(Cost { amount, currency: "USD".to_owned() })
    }

    /// Its status (OpenAPI, `V2CallBase`, `call_status`). `None`: a word that this version does not know.
    pub(crate) fn status(self) -> Option<CallStatus> {
        match self.text("call_status")? {
            "registered" => Some(CallStatus::Initiated),
            "ongoing" => Some(CallStatus::InProgress),
            "ended" | "not_connected" | "error" => Some(self.ending().status),
            _ => None,
        }
    }

    /// How it ended.
    pub(crate) fn ending(self) -> Ending {
        let connected = match self.text("call_status") {
            Some("ended" | "ongoing") => true,
            Some("not_connected" | "registered") => false,
            // Something broke: it was connected when it lasted.
            Some(_) | None => self.duration().is_some_and(|time| !time.is_zero()),
        };
        let word = self.text("disconnection_reason").unwrap_or_default();
        let (status, cause) = reason::ending(word, connected);
        Ending { status, cause, word: word.to_owned() }
    }

    /// All of it. `None`: it has no id.
    pub(crate) fn remote(self) -> Option<RemoteCall> {
        let status = self.status();
        let started_at = self.moment("start_timestamp");
        let talked = matches!(status, Some(CallStatus::InProgress | CallStatus::Completed));
        Some(RemoteCall {
            sid: self.sid()?,
            from: self.party("from_number"),
            to: self.party("to_number"),
            status,
            callback_id: self.reference(),
            started_at,
            answered_at: started_at.filter(|_| talked),
            ended_at: self.moment("end_timestamp"),
            duration: self.duration(),
            cost: self.cost(),
        })
    }
}

/// Millionths of a dollar of a decimal number of cents, rounded to the nearest.
fn from_cents(cents: &str) -> Option<Micros> {
    let (whole, fraction) = cents.split_once('.').unwrap_or((cents, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let up = fraction.as_bytes().get(4).is_some_and(|digit| *digit >= b'5');
    let fraction: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let whole = i64::try_from(whole.parse::<u64>().ok()?).ok()?;
    let micros = whole.checked_mul(10_000)?.checked_add(fraction.parse().ok()?)?;
    Some(Micros::new(micros.checked_add(i64::from(up))?))
}

#[cfg(test)]
mod tests {
    use super::from_cents;

    #[test]
    fn cents_are_ten_thousand_micros() {
        for (cents, micros) in [
            ("70", Some(700_000)),
            ("70.0", Some(700_000)),
            ("0.1234", Some(1_234)),
            ("12.345678", Some(123_457)),
            ("0.00005", Some(1)),
            ("0.00004", Some(0)),
            ("-1", None),
            ("1e-7", None),
            ("1.5e3", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(from_cents(cents).map(|amount| amount.get()), micros, "{cents}");
        }
    }
}
