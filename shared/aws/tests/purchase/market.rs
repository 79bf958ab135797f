//! Providers with numbers: for sale, held, ordered; with state, and with what a test makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Clock;
use telephony::provider::ProviderId;
use telephony::provider::transport::TransportError;

use crate::support::clock::FakeClock;
use crate::{compat, telnyx};

/// A number that an account holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub sid: String,
    pub mark: String,
    pub voice: String,
    pub messaging: String,
    pub status_callback: String,
    /// Whose it is; empty: the platform's.
    pub account: String,
    /// Not shown before this.
    pub visible: Option<Timestamp>,
}

/// An order of Telnyx's.
#[derive(Clone, Debug)]
pub struct Order {
    pub id: String,
    pub phone: String,
    pub mark: String,
    pub connection: String,
    pub profile: String,
    pub ends: Timestamp,
    pub succeeds: bool,
    pub settled: bool,
    pub account: String,
}

/// What a provider does that it need not do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mood {
    /// Orders are refused with this code.
    pub refuses: Option<u32>,
    /// So long an order is pending.
    pub pending: Duration,
    /// Pending orders fail.
    pub orders_fail: bool,
    /// A number is seen only so long after it was sold.
    pub shy: Duration,
    /// Numbers are sold without the settings that were asked for.
    pub forgets_settings: bool,
    /// Settings are refused.
    pub refuses_settings: bool,
    /// Numbers are not moved to another account.
    pub refuses_moves: bool,
    /// Numbers are not taken back before this.
    pub keeps_until: Option<Timestamp>,
    /// A number must have been searched for.
    pub wants_search: bool,
}

#[derive(Default)]
pub struct State {
    pub mood: Mood,
    pub for_sale: BTreeSet<String>,
    pub searched: BTreeSet<String>,
    pub held: BTreeMap<(ProviderId, String), Held>,
    pub orders: Vec<Order>,
    /// Number and mark of everything that was ever sold.
    pub sold: Vec<(String, String)>,
    /// Numbers that were taken back, by their marks.
    pub returned: Vec<(String, String)>,
    /// Marks of numbers whose settings were written.
    pub configured: Vec<String>,
    /// The accounts beside the platform's, by what their requests show.
    pub accounts: BTreeMap<String, String>,
    /// Accounts whose credentials are refused.
    pub closed: BTreeSet<String>,
    next: u64,
}

impl State {
    pub fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Sells a number, if it is for sale.
    pub fn sell(&mut self, provider: ProviderId, phone: &str, held: Held, now: Timestamp) -> bool {
        if !self.for_sale.remove(phone) {
            return false;
        }
        self.sold.push((phone.to_owned(), held.mark.clone()));
        let visible = (!self.mood.shy.is_zero()).then(|| now.plus(self.mood.shy));
        self.held.insert((provider, phone.to_owned()), Held { visible, ..held });
        true
    }

    /// Who asks.
    pub fn account(&self, shown: &str) -> String {
        self.accounts.get(shown).cloned().unwrap_or_default()
    }

    /// The number of this id, if this account holds it.
    pub fn by_sid(&self, provider: ProviderId, account: &str, sid: &str) -> Option<(ProviderId, String)> {
        self.held
            .iter()
            .find(|((of, _), held)| *of == provider && held.account == account && held.sid == sid)
            .map(|(key, _)| key.clone())
    }

    /// Numbers that are shown to their account.
    pub fn shown(&self, provider: ProviderId, account: &str, now: Timestamp) -> Vec<(String, Held)> {
        let shown = |held: &Held| held.account == account && held.visible.is_none_or(|at| at <= now);
        let all = self.held.iter().filter(|((of, _), held)| *of == provider && shown(held));
        all.map(|((_, phone), held)| (phone.clone(), held.clone())).collect()
    }

    /// Takes a number back.
    pub fn take_back(&mut self, key: &(ProviderId, String)) {
        if let Some(held) = self.held.remove(key) {
            self.returned.push((key.1.clone(), held.mark));
            self.for_sale.insert(key.1.clone());
        }
    }
}

/// All providers.
pub struct Providers {
    pub clock: Arc<FakeClock>,
    pub state: Mutex<State>,
}

impl Providers {
    pub fn new(clock: Arc<FakeClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    pub fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.state.lock().unwrap();
        let now = self.clock.now();
        let host = request.uri().host().unwrap().to_owned();
        Ok(if host.ends_with("telnyx.com") {
            telnyx::answer(&mut state, request, now)
        } else if host.ends_with("signalwire.com") {
            compat::answer(&mut state, ProviderId::SignalWire, request, now)
        } else {
            compat::answer(&mut state, ProviderId::Twilio, request, now)
        })
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }
}

pub fn json(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}

pub fn empty(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).unwrap()
}

/// The query of a request, decoded.
pub fn query(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
