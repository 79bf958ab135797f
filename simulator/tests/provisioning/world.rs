//! A deployment with an account of the platform's at each provider, and one subscription.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use telephony::api::subscription::SubscriptionRequest;
use telephony::app::numbers::give_back::GiveBack;
use telephony::app::numbers::purchase::saga::PurchaseSaga;
use telephony::app::numbers::release::Release;
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::ProviderAccounts;
use telephony::app::provider_accounts::desk::{Desk, Providers};
use telephony::app::subscriptions::{Provisioned, Subscriptions};
use telephony::domain::account::{AccountRecord, Owner};
use telephony::domain::ids::{SubscriptionId, TenantId};
use telephony::domain::mark::Marker;
use telephony::domain::money::Micros;
use telephony::domain::number::PhoneNumber;
use telephony::domain::price::PriceTable;
use telephony::domain::subscription::Subscription;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::*;
use telephony::provider::{Environment, ProviderId};
use telephony_aws::{Book, Store};
use telephony_http::ReqwestTransport;

use crate::cutting::Cutting;
use crate::fuse::{Cut, Fuse};
use crate::harness::{ACCOUNT, Simulator, TOKEN};
use crate::queue::{Counting, FakeClock};
use crate::support::keys::{Keys, Parameters};
use crate::support::samples::{at, tenant};
use crate::support::{Table, table};

pub const BASE: &str = "https://phone.example.com/prod";
pub const PROJECT: &str = "11111111-1111-4111-8111-111111111111";
pub const ORG: &str = "47a530f8-4362-4526-829b-bcee17fd9f7a";
pub const TELNYX_KEY: &str = "KEY0123456789";
pub const PROVIDERS: [ProviderId; 3] = [ProviderId::Twilio, ProviderId::SignalWire, ProviderId::Telnyx];
/// What was paid in, and what a number costs a month.
pub const DEPOSIT: i64 = 10_000_000;
pub const CHARGE: i64 = 1_500_000;
/// The reconciler comes every minute, and gives up after this.
const MINUTE: Duration = Duration::from_secs(60);
const LONGEST: usize = 400;

/// The providers, shared by the worlds of a test.
pub async fn providers() -> Arc<Simulator> {
    let simulator = Simulator::start().await;
    for account in [
        json!({"provider": "twilio", "sid": ACCOUNT, "auth_token": TOKEN, "balance_micros": 1_000_000_000}),
        json!({"provider": "signalwire", "sid": PROJECT, "auth_token": TOKEN, "balance_micros": 1_000_000_000}),
        json!({"provider": "telnyx", "sid": ORG, "auth_token": TELNYX_KEY, "balance_micros": 1_000_000_000}),
    ] {
        simulator.control("POST", "/accounts", account).await;
    }
    Arc::new(simulator)
}

/// What one process has of it all. Another process has the same without a fuse.
pub struct Process {
    pub subscriptions: Subscriptions,
    give_back: GiveBack,
    tasks: Arc<dyn Tasks>,
}

pub struct World {
    pub simulator: Arc<Simulator>,
    pub table: Table,
    pub provider: ProviderId,
    pub tenant: TenantId,
    pub id: String,
    pub fuse: Arc<Fuse>,
    pub clock: Arc<FakeClock>,
    pub random: Arc<Counting>,
    pub process: Process,
    deployed: String,
}

impl World {
    pub async fn new(simulator: &Arc<Simulator>, provider: ProviderId, cuts: &[Cut]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        let table = table().await;
        let base = &simulator.base;
        let deployed = json!({"accounts": [
            {"id": "platform-twilio", "provider": "twilio", "config": {"account_sid": ACCOUNT,
                "auth_token": TOKEN, "api_base": format!("{base}/twilio")}},
            {"id": "platform-signalwire", "provider": "signalwire", "config": {"project_id": PROJECT,
                "token": TOKEN, "space_url": "x.signalwire.com", "api_base": format!("{base}/signalwire")}},
            {"id": "platform-telnyx", "provider": "telnyx", "config": {"api_key": TELNYX_KEY,
                "api_base": format!("{base}/telnyx")}},
        ]})
        .to_string();
        let (fuse, clock) = (Fuse::new(cuts), Arc::new(FakeClock::new(at(0))));
        // Accounts are named by our ids, which must differ from one world to the next.
        let random = Arc::new(Counting::beginning(u64::from(n) << 20));
        let process = process(&table, &deployed, &fuse, &clock, &random);
        let tenant = tenant(&format!("t{n}"));
        let wallet = table.store.deposit(&tenant, Micros::new(DEPOSIT), "seed", at(0)).await;
        assert!(matches!(wallet, Ok(Deposited::New(_))), "{wallet:?}");
        let simulator = Arc::clone(simulator);
        Self {
            simulator,
            table,
            provider,
            tenant,
            id: format!("s{n}"),
            fuse,
            clock,
            random,
            process,
            deployed,
        }
    }

    /// The same deployment for another process, which nobody cuts.
    pub fn undisturbed(&self) -> Process {
        process(&self.table, &self.deployed, &Fuse::new(&[]), &self.clock, &self.random)
    }

    pub fn request(&self) -> SubscriptionRequest {
        SubscriptionRequest {
            subscription_id: self.id.clone(),
            user_id: "u-1".into(),
            plan: Some("basic".into()),
            area_code: Some("415".into()),
            provider: Some(self.provider.to_string()),
            billing: None,
            tenant_id: None,
        }
    }

    pub async fn ask(&self, process: &Process) -> Result<Provisioned, Problem> {
        process.subscriptions.provision(&self.tenant, &"admin".parse().unwrap(), &self.request()).await
    }

    pub async fn cancel(&self, process: &Process) -> Result<Provisioned, Problem> {
        process.subscriptions.cancel(&self.tenant, &self.id).await
    }

    pub async fn stored(&self) -> Option<Subscription> {
        let id: SubscriptionId = self.id.parse().unwrap();
        self.table.store.subscription(&self.tenant, &id).await.unwrap()
    }

    pub async fn account(&self) -> Option<AccountRecord> {
        let owner = Owner::Tenant(self.tenant.clone());
        let id = self.stored().await?.account;
        self.process_book().find(&owner, &id).await.unwrap()
    }

    fn process_book(&self) -> Book {
        Book::new(
            self.table.store.clone(),
            Arc::new(Parameters::new(&self.deployed)),
            Arc::new(Keys::default()),
        )
    }

    pub async fn numbers(&self) -> Vec<PhoneNumber> {
        let page = PageRequest { limit: 100, cursor: None };
        Inventory::numbers(&self.table.store, &self.tenant, &page).await.unwrap().items
    }

    /// The provider's accounts of this subscription's name, and the numbers that they hold.
    pub async fn at_provider(&self) -> (Vec<Value>, Vec<Value>) {
        let Some(stored) = self.stored().await else { return (Vec::new(), Vec::new()) };
        let name = format!("tandem {}", stored.account);
        let all = self.simulator.get("/accounts").await;
        let accounts: Vec<Value> = all["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|a| a["friendly_name"] == name)
            .cloned()
            .collect();
        let numbers = self.simulator.get("/numbers").await;
        let held = numbers["numbers"].as_array().unwrap().iter();
        let held = held.filter(|number| accounts.iter().any(|account| number["account"] == account["sid"]));
        let held = held.cloned().collect();
        (accounts, held)
    }

    /// A caller with patience: again, until there is an answer.
    pub async fn patiently(&self, cancel: bool) {
        for _ in 0..9 {
            let done = match cancel {
                false => self.fuse.process(self.ask(&self.process)).await,
                true => self.fuse.process(self.cancel(&self.process)).await,
            };
            if let Some(Ok(_)) = done {
                return;
            }
            self.wait(Duration::from_secs(5)).await;
        }
        panic!("a caller gave up");
    }

    /// The reconciler, every minute, until the subscription is at rest.
    pub async fn settle(&self) -> bool {
        for _ in 0..LONGEST {
            if self.stored().await.is_none_or(|stored| stored.state.is_at_rest()) {
                return true;
            }
            self.wait(MINUTE).await;
            let _ = self.fuse.process(self.process.reconcile(self.clock.now())).await;
        }
        false
    }

    /// Time goes on, here and at the providers.
    pub async fn wait(&self, by: Duration) {
        self.clock.reach(self.clock.now().plus(by));
        self.simulator.advance(2.0).await;
    }
}

impl Process {
    /// What is due of subscriptions, and of numbers that a provider did not take back.
    async fn reconcile(&self, now: Timestamp) -> Result<(), StoreError> {
        self.subscriptions.run_due(now, 10).await?;
        for (task, _) in self.tasks.due_tasks(TaskKind::Stock, now, 10).await? {
            if let Task::Stock(account, phone) = task {
                self.give_back.resume(&account, &phone).await?;
            }
        }
        Ok(())
    }
}

fn process(
    table: &Table,
    deployed: &str,
    fuse: &Arc<Fuse>,
    clock: &Arc<FakeClock>,
    random: &Arc<Counting>,
) -> Process {
    let store: Arc<Cutting<Store>> = Arc::new(Cutting { inner: table.store.clone(), fuse: Arc::clone(fuse) });
    let environment = Environment { local: true, local_origins: Vec::new() };
    let transport = Arc::new(ReqwestTransport::new(Duration::from_secs(20)).unwrap());
    let desk: Arc<dyn Desk> = Arc::new(Providers {
        environment: environment.clone(),
        transport: Arc::new(Cutting { inner: transport, fuse: Arc::clone(fuse) }),
    });
    let keys = Arc::new(Keys::default());
    let inner = Book::new(table.store.clone(), Arc::new(Parameters::new(deployed)), keys);
    let book: Arc<dyn AccountBook> = Arc::new(Cutting { inner, fuse: Arc::clone(fuse) });
    let saga = PurchaseSaga {
        book: book.clone(),
        purchases: store.clone(),
        desk: desk.clone(),
        public_base_url: BASE.into(),
        clock: clock.clone(),
    };
    let release = Release {
        inventory: store.clone(),
        returns: store.clone(),
        book: book.clone(),
        desk: desk.clone(),
        clock: clock.clone(),
    };
    let give_back = GiveBack {
        book: book.clone(),
        desk: desk.clone(),
        stock: store.clone(),
        returns: store.clone(),
        clock: clock.clone(),
    };
    let accounts = ProviderAccounts {
        public_base_url: BASE.into(),
        book,
        numbers: store.clone(),
        inventory: store.clone(),
        stock: store.clone(),
        desk,
        environment,
        clock: clock.clone(),
        random: random.clone(),
    };
    let subscriptions = Subscriptions {
        records: store.clone(),
        tasks: store.clone(),
        accounts,
        buyer: Arc::new(saga),
        releaser: Arc::new(release),
        prices: PriceTable::bundled(),
        marker: Marker::new("test"),
        country: "US".into(),
    };
    Process { subscriptions, give_back, tasks: store }
}
