//! One deployment in memory: the real use-cases on the real store (dynoxide over HTTP, behind the fault
//! proxy), with a queue, a provider and a clock of the test's own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use dynoxide::Database;
use serde_json::{Value, json};
use telephony::app::answer::Answer;
use telephony::app::backfill::Backfill;
use telephony::app::compose::{Caller, Compose};
use telephony::app::deliver::Deliver;
use telephony::app::emit::{Emit, Listeners};
use telephony::app::money::calls::CallCharges;
use telephony::app::project::Project;
use telephony::app::receive_message::ReceiveMessage;
use telephony::app::record_status::RecordStatus;
use telephony::app::route::Router;
use telephony::app::route_cache::RouteCache;
use telephony::app::send_message::SendMessage;
use telephony::app::sweep::Sweep;
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::money::Micros;
use telephony::domain::price::PriceTable;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Accounts, Candidates, Clock, Numbers, StoreError, Wallets, Whose};
use telephony::provider::account::ProviderAccount;
use telephony::provider::{Environment, ProviderId};
use telephony_aws::{Book, Clients, Profile, Store};
use telephony_testkit::fault_proxy::FaultProxy;
use telephony_testkit::webhooks::SAMPLES;
use tokio::task::JoinHandle;

use crate::cutting::Cutting;
use crate::fuse::{Cut, Fuse};
use crate::provider::{Fate, Mood, Provider};
use crate::queue::{Counting, FakeClock, MemoryQueue};
use crate::support::engine::{create, items};
use crate::support::keys::{Keys, Parameters};
use crate::support::samples::{OWN, at, number, tenant};

/// What was paid in.
pub const DEPOSIT: i64 = 100_000;

/// The engine behind the fault proxy, and the store's client before it. Shared by the worlds of one
/// test, each of which has a table of its own.
pub struct Engine {
    pub proxy: FaultProxy,
    database: Database,
    clients: Clients,
    hasty: aws_sdk_dynamodb::Client,
    tables: AtomicU32,
    serving: JoinHandle<()>,
}

impl Engine {
    pub async fn start() -> Arc<Self> {
        let database = Database::memory().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = listener.local_addr().unwrap();
        let serving = tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let proxy = FaultProxy::start(upstream).await;
        let keys = Credentials::new("test", "test", None, None, "test");
        let clients = Clients::new(Profile::Worker, "us-east-1".into(), keys, Some(proxy.url()));
        let hasty = hasty(&proxy.url());
        Arc::new(Self { proxy, database, clients, hasty, tables: AtomicU32::new(0), serving })
    }
}

/// A client that never tries again, so that every fault reaches the use-case.
fn hasty(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A deployment.
pub struct World {
    pub provider_id: ProviderId,
    pub tenant: TenantId,
    pub store: Store,
    pub engine: Arc<Engine>,
    pub fuse: Arc<Fuse>,
    pub clock: Arc<FakeClock>,
    pub queue: Arc<MemoryQueue>,
    pub provider: Arc<Provider>,
    pub caller: Caller,
    pub send: Arc<SendMessage>,
    pub deliver: Arc<Deliver>,
    pub project: Arc<Project>,
    pub receive: Arc<ReceiveMessage>,
    pub record: Arc<RecordStatus>,
    pub sweep: Arc<Sweep>,
    pub backfill: Arc<Backfill>,
    table: String,
}

impl Drop for World {
    fn drop(&mut self) {
        let request = json!({"TableName": self.table});
        let _ = serde_json::from_value(request).map(|request| self.engine.database.delete_table(request));
    }
}

/// The accounts of the test kit.
struct Samples;

#[async_trait]
impl Accounts for Samples {
    async fn candidates(
        &self,
        provider: ProviderId,
        _claims: &[String],
        whose: Whose,
    ) -> Result<Candidates, StoreError> {
        let accounts = SAMPLES.iter().map(telephony_testkit::webhooks::Sample::account);
        let accounts =
            accounts.filter(|account| whose == Whose::Platform && account.provider == provider).collect();
        Ok(Candidates { accounts, named: whose == Whose::Platform })
    }

    async fn account(
        &self,
        _tenant: &TenantId,
        id: &AccountId,
    ) -> Result<Option<ProviderAccount>, StoreError> {
        let mut accounts = SAMPLES.iter().map(telephony_testkit::webhooks::Sample::account);
        Ok(accounts.find(|account| account.id == *id))
    }

    async fn refresh(&self) {}

    async fn next_key_used(&self, _account: &ProviderAccount, _now: Timestamp) {}
}

/// What the deployment's secret says: the provider's sample.
fn deployed(provider: ProviderId) -> String {
    let sample = SAMPLES.iter().find(|sample| sample.provider == provider).unwrap();
    let account = sample.account();
    let config: HashMap<&str, &str> =
        account.config.iter().map(|(name, value)| (name, value.expose())).collect();
    json!({"accounts": [{"id": account.id, "provider": provider, "config": config}]}).to_string()
}

/// What a world is made of.
pub struct Setting<'s> {
    pub provider: ProviderId,
    pub fate: Fate,
    pub moods: &'s [Mood],
    pub cuts: &'s [Cut],
    /// The store's client gives up at once.
    pub hasty: bool,
}

impl World {
    pub async fn new(engine: &Arc<Engine>, setting: &Setting<'_>) -> Self {
        let table = format!("tandem-{}", engine.tables.fetch_add(1, Ordering::SeqCst));
        create(&engine.database, &table);
        let store = match setting.hasty {
            true => Store::new(engine.hasty.clone(), table.as_str()),
            false => engine.clients.store(&table),
        };
        let demo = tenant("demo");
        let account = format!("test-{}", setting.provider);
        let own = telephony::domain::number::PhoneNumber {
            provider: setting.provider,
            ..number(&demo, &account, OWN)
        };
        assert!(store.put(&own).await.unwrap());
        store.deposit(&demo, Micros::new(DEPOSIT), "r", at(0)).await.unwrap();

        let fuse = Fuse::new(setting.cuts);
        let clock = Arc::new(FakeClock::new(at(0)));
        let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock)));
        let provider = Arc::new(Provider::new(Arc::clone(&clock), setting.fate, setting.moods));
        let cut = Arc::new(Cutting { inner: store.clone(), fuse: Arc::clone(&fuse) });
        let jobs = Arc::new(Cutting { inner: Arc::clone(&queue), fuse: Arc::clone(&fuse) });
        let transport = Arc::new(Cutting { inner: Arc::clone(&provider), fuse: Arc::clone(&fuse) });
        let plain = Arc::new(store.clone());
        let random = Arc::new(Counting::default());
        let prices = PriceTable::bundled();
        let send = SendMessage {
            compose: Compose {
                router: Router {
                    numbers: plain.clone(),
                    conversations: plain.clone(),
                    accounts: Arc::new(telephony_aws::TableStates::new(
                        (*plain).clone(),
                        "test-twilio,test-signalwire",
                    )),
                    prices,
                },
                templates: plain.clone(),
                default_country: "US".into(),
                environment: Environment::default(),
            },
            outbox: cut.clone(),
            messages: plain.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let deliver = Deliver {
            dispatch: cut.clone(),
            reports: cut.clone(),
            messages: plain.clone(),
            projection: cut.clone(),
            numbers: plain.clone(),
            accounts: Arc::new(Samples),
            queue: jobs.clone(),
            transport: transport.clone(),
            clock: clock.clone(),
            random: random.clone(),
            environment: Environment::default(),
            public_base_url: "https://phone.example.com".into(),
        };
        let book = Arc::new(Book::new(
            store.clone(),
            Arc::new(Parameters::new(&deployed(setting.provider))),
            Arc::new(Keys::default()),
        ));
        let backfill = Backfill {
            accounts: book.clone(),
            book,
            transport: transport.clone(),
            environment: Environment::default(),
            watermarks: cut.clone(),
            numbers: cut.clone(),
            messages: cut.clone(),
            inbox: cut.clone(),
            clock: clock.clone(),
        };
        let answer = Answer {
            outbox: cut.clone(),
            templates: plain.clone(),
            numbers: plain.clone(),
            projection: cut.clone(),
            prices,
            clock: clock.clone(),
        };
        let emit = Emit {
            listeners: Listeners::new(plain.clone(), plain.clone()),
            log: plain.clone(),
            numbers: plain.clone(),
            queue: jobs.clone(),
            clock: clock.clone(),
        };
        let project = Project {
            calls: plain.clone(),
            history: plain.clone(),
            call_charges: CallCharges { charges: plain.clone(), prices },
            public_base_url: "https://tandem.example".to_owned(),
            projection: cut.clone(),
            queue: jobs.clone(),
            answer,
            emit,
            clock: clock.clone(),
            random,
        };
        Self {
            provider_id: setting.provider,
            caller: Caller { tenant: demo.clone(), user: "ann".parse().unwrap() },
            tenant: demo,
            send: Arc::new(send),
            deliver: Arc::new(deliver),
            project: Arc::new(project),
            receive: Arc::new(ReceiveMessage {
                routes: Arc::new(RouteCache::new(plain.clone())),
                inbox: cut.clone(),
            }),
            record: Arc::new(RecordStatus { reports: cut.clone(), inbox: cut.clone() }),
            backfill: Arc::new(backfill),
            sweep: Arc::new(Sweep {
                pending: cut,
                media: plain.clone(),
                recordings: plain.clone(),
                deliveries: plain,
                queue: jobs,
            }),
            store,
            engine: Arc::clone(engine),
            fuse,
            clock,
            queue,
            provider,
            table,
        }
    }

    pub fn account(&self) -> AccountId {
        format!("test-{}", self.provider_id).parse().unwrap()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The whole table by key, read past the proxy, in DynamoDB's JSON.
    pub fn items(&self) -> HashMap<(String, String), Value> {
        items(&self.engine.database, &self.table)
    }

    /// The webhook of another process, which no fuse counts.
    pub fn receive_apart(&self) -> ReceiveMessage {
        let store = Arc::new(self.store.clone());
        ReceiveMessage { routes: Arc::new(RouteCache::new(store.clone())), inbox: store }
    }
}
