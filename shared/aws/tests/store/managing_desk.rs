//! A provider for the use-cases of provider management: what the adapters ask of the real ones is tested
//! with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use telephony::app::provider_accounts::desk::{Capability, Desk};
use telephony::domain::ids::ProviderSid;
use telephony::domain::money::{Cost, Micros};
use telephony::domain::phone::E164;
use telephony::provider::ProviderId;
use telephony::provider::account::{AccountConfig, ProviderAccount};
use telephony::provider::audit::WebhookAudit;
use telephony::provider::connection::{AccountState, Connection};
use telephony::provider::error::{Effect, ErrorKind, ProviderError};
use telephony::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberMarket, NumberSettings, NumberTransfers, RemoteNumber, RemotePage,
    TrunkNumbers,
};
use telephony::provider::registry::Setting;
use telephony::provider::subaccounts::{Subaccount, Subaccounts};

use crate::support::samples::at;
use telephony::domain::timestamp::Timestamp;

const SETTINGS: &[Setting] = &[
    Setting {
        name: "account_sid",
        secret: false,
        required: true,
        is_valid: |text| text.starts_with("AC"),
        expected: "an account's SID",
    },
    Setting {
        name: "auth_token",
        secret: true,
        required: true,
        is_valid: |t| t.len() > 3,
        expected: "a token",
    },
    Setting {
        name: "next_auth_token",
        secret: true,
        required: false,
        is_valid: |_| true,
        expected: "a token",
    },
];

/// What the provider knows, and what it was asked.
pub struct World {
    pub held: Vec<String>,
    pub page: usize,
    pub opened: BTreeMap<String, String>,
    /// The next answers of `open`: its effect happens, and the answer is lost.
    pub lose_open: bool,
    /// What it refuses to configure numbers with.
    pub refuses: Option<ErrorKind>,
    pub answer: Result<AccountState, (ErrorKind, Effect)>,
    pub asked: Vec<String>,
    /// The clock, which each question to the provider moves.
    pub now: Timestamp,
    pub step: i64,
}

impl Default for World {
    fn default() -> Self {
        let balance = Some(Cost { amount: Micros::new(5_000_000), currency: "EUR".into() });
        Self {
            held: Vec::new(),
            page: 2,
            opened: BTreeMap::new(),
            lose_open: false,
            refuses: None,
            answer: Ok(AccountState { balance, active: true, note: None }),
            asked: Vec::new(),
            now: at(0),
            step: 0,
        }
    }
}

#[derive(Clone, Default)]
pub struct TestDesk(pub Arc<Mutex<World>>);

impl TestDesk {
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    fn ask(&self, what: impl Into<String>) {
        self.with(|world| {
            world.asked.push(what.into());
            world.now = Timestamp::from_millis(world.now.millis() + world.step * 1000);
        });
    }
}

impl telephony::ports::Clock for TestDesk {
    fn now(&self) -> Timestamp {
        self.with(|world| world.now)
    }
}

fn failed(kind: ErrorKind, effect: Effect) -> ProviderError {
    ProviderError::new(ProviderId::Twilio, "test", kind, effect)
}

fn remote(phone: &str) -> RemoteNumber {
    RemoteNumber {
        sid: format!("PN{}", &phone[1..]).parse().unwrap(),
        phone: phone.parse().unwrap(),
        capabilities: NumberCapabilities { voice: true, sms: true, mms: false },
        mark: None,
        active: true,
        voice: None,
        messaging: None,
        status_callback: None,
    }
}

impl Desk for TestDesk {
    fn settings(&self, _: ProviderId) -> &'static [Setting] {
        SETTINGS
    }

    fn connection(&self, _: &ProviderAccount) -> Result<Box<dyn Connection>, ProviderError> {
        Ok(Box::new(self.clone()))
    }

    fn held_numbers(&self, _: &ProviderAccount) -> Capability<dyn HeldNumbers> {
        Some(Ok(Box::new(self.clone())))
    }

    fn number_market(&self, _: &ProviderAccount) -> Capability<dyn NumberMarket> {
        None
    }

    fn number_transfers(&self, _: &ProviderAccount) -> Capability<dyn NumberTransfers> {
        None
    }

    fn trunk_numbers(&self, _: &ProviderAccount) -> Capability<dyn TrunkNumbers> {
        None
    }

    fn subaccounts(&self, _: &ProviderAccount) -> Capability<dyn Subaccounts> {
        Some(Ok(Box::new(self.clone())))
    }

    fn webhook_audit(&self, _: &ProviderAccount) -> Capability<dyn WebhookAudit> {
        None
    }
}

#[async_trait]
impl Connection for TestDesk {
    async fn check(&self) -> Result<AccountState, ProviderError> {
        self.ask("check");
        self.with(|world| world.answer.clone()).map_err(|(kind, effect)| failed(kind, effect))
    }
}

#[async_trait]
impl HeldNumbers for TestDesk {
    async fn list(&self, page: Option<&str>) -> Result<RemotePage<RemoteNumber>, ProviderError> {
        self.ask(format!("list {}", page.unwrap_or("0")));
        let from: usize = page.unwrap_or("0").parse().unwrap();
        Ok(self.with(|world| {
            let items = world.held.iter().skip(from).take(world.page).map(|phone| remote(phone)).collect();
            let next = from + world.page;
            RemotePage { items, next: (next < world.held.len()).then(|| next.to_string()) }
        }))
    }

    async fn find(&self, phone: &E164) -> Result<Option<RemoteNumber>, ProviderError> {
        self.ask("find");
        let held = self.with(|world| world.held.iter().any(|held| held == phone.expose()));
        Ok(held.then(|| remote(phone.expose())))
    }

    async fn configure(&self, sid: &ProviderSid, to: &NumberSettings) -> Result<RemoteNumber, ProviderError> {
        let (url, mark) = (to.webhooks.as_deref().unwrap(), to.mark.as_deref().unwrap());
        self.ask(format!("configure {sid} {url} {mark}"));
        match self.with(|world| world.refuses) {
            Some(kind) => Err(failed(kind, Effect::Refused)),
            None => Ok(remote(&format!("+{}", sid.as_str().trim_start_matches("PN")))),
        }
    }

    async fn release(&self, _: &ProviderSid) -> Result<(), ProviderError> {
        panic!("nothing is released here")
    }
}

fn subaccount(name: &str, sid: &str) -> Subaccount {
    let config = AccountConfig::from([("account_sid", sid), ("auth_token", "token-of-the-subaccount")]);
    Subaccount { remote_id: sid.to_owned(), name: name.to_owned(), active: true, config }
}

#[async_trait]
impl Subaccounts for TestDesk {
    async fn open(&self, name: &str) -> Result<Subaccount, ProviderError> {
        self.ask("open");
        let (sid, lost) = self.with(|world| {
            let sid = format!("ACsub{}", world.opened.len());
            world.opened.insert(sid.clone(), name.to_owned());
            (sid, world.lose_open)
        });
        if lost {
            return Err(failed(ErrorKind::Timeout, Effect::Unknown));
        }
        Ok(subaccount(name, &sid))
    }

    async fn find(&self, name: &str) -> Result<Vec<Subaccount>, ProviderError> {
        self.ask("find");
        let opened = self.with(|world| world.opened.clone());
        Ok(opened.iter().filter(|(_, n)| *n == name).map(|(sid, _)| subaccount(name, sid)).collect())
    }

    async fn regain(&self, found: Subaccount) -> Result<Subaccount, ProviderError> {
        Ok(found)
    }

    async fn prepare(&self, _: &AccountConfig, _: &str, _: &str) -> Result<AccountConfig, ProviderError> {
        Ok(AccountConfig::default())
    }

    async fn set_active(&self, _: &str, _: bool) -> Result<(), ProviderError> {
        Ok(())
    }
}
