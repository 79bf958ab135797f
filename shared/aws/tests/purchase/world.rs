//! One deployment in memory: the real use-cases on the real store and the real adapters, behind the fuse.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::Database;
use serde_json::{Value, json};
use telephony::api::numbers::purchase::PurchaseRequest;
use telephony::app::numbers::give_back::GiveBack;
use telephony::app::numbers::moving::MoveNumber;
use telephony::app::numbers::moving::saga::MoveSaga;
use telephony::app::numbers::purchase::saga::PurchaseSaga;
use telephony::app::numbers::purchase::{Bought, Buy};
use telephony::app::numbers::release::Release;
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::Actor;
use telephony::app::provider_accounts::desk::{Desk, Providers as Registry};
use telephony::app::receive_message::ReceiveMessage;
use telephony::app::reconcile::Reconcile;
use telephony::app::reconcile::sweep::InventorySweep;
use telephony::app::route_cache::RouteCache;
use telephony::domain::account::{AccountRecord, Owner};
use telephony::domain::ids::TenantId;
use telephony::domain::mark::Marker;
use telephony::domain::money::Micros;
use telephony::domain::price::PriceTable;
use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{AccountBook, AccountWrite, Clock, Wallets};
use telephony::provider::account::ProviderAccount;
use telephony::provider::numbers::NumberKind;
use telephony::provider::{Environment, ProviderId};
use telephony_aws::{Book, Store};
use telephony_testkit::webhooks::SAMPLES;
use tokio::task::JoinHandle;

use crate::cut::{CutClient, CutSecret, CutTransport, Edge, Watch};
use crate::fuse::{Cut, Fuse};
use crate::law;
use crate::market::{Held, Mood, Providers};
use crate::support::clock::{Counting, FakeClock};
use crate::support::engine::{create, items};
use crate::support::keys::Keys;
use crate::support::samples::{at, tenant};
use crate::turns::Turns;

pub const BASE: &str = "https://phone.example.com";
pub const STACK: &str = "tandem-test";
/// Numbers for sale.
pub const FIRST: &str = "+14155550101";
pub const SECOND: &str = "+14155550102";
/// A number that is held and carries no mark.
pub const FOREIGN: &str = "+14155550109";

/// What a number is charged.
pub fn price() -> i64 {
    PriceTable::bundled().number_charge("US", NumberKind::Local).unwrap().get()
}

/// The engine, shared by the worlds of one test, each of which has a table of its own.
pub struct Engine {
    database: Database,
    endpoint: String,
    http: SharedHttpClient,
    tables: AtomicU32,
    serving: JoinHandle<()>,
}

impl Engine {
    pub async fn start() -> Arc<Self> {
        let database = Database::memory().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let http = aws_smithy_http_client::Builder::new().build_http();
        Arc::new(Self { database, endpoint, http, tables: AtomicU32::new(0), serving })
    }

    /// A client that never tries again, so that every fault reaches the use-case.
    fn client(
        &self,
        http: impl aws_smithy_runtime_api::client::http::HttpClient + 'static,
    ) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&self.endpoint)
            .http_client(http)
            .retry_config(RetryConfig::disabled());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The use-cases of one process.
pub struct Process {
    pub buy: Buy,
    pub release: Release,
    pub reconcile: Reconcile,
    pub mover: MoveNumber,
    pub moves: MoveSaga,
    pub receive: ReceiveMessage,
}

/// A deployment.
pub struct World {
    pub provider: ProviderId,
    pub engine: Arc<Engine>,
    pub store: Store,
    pub fuse: Arc<Fuse>,
    pub clock: Arc<FakeClock>,
    pub providers: Arc<Providers>,
    pub process: Process,
    /// Laws that were broken at some instant.
    pub broken: Arc<Mutex<Vec<String>>>,
    random: Arc<Counting>,
    secret: String,
    table: String,
}

impl Drop for World {
    fn drop(&mut self) {
        let request = json!({"TableName": self.table});
        let _ = serde_json::from_value(request).map(|request| self.engine.database.delete_table(request));
    }
}

fn deployed(account: &ProviderAccount, id: &str, tenant: Option<&str>) -> Value {
    let config: serde_json::Map<String, Value> =
        account.config.iter().map(|(name, value)| (name.to_owned(), value.expose().into())).collect();
    json!({"id": id, "provider": account.provider.as_str(), "tenant": tenant, "config": config})
}

/// What tells an account of this name at a provider from the platform's: the setting, and its value there.
pub fn identity(provider: ProviderId, name: &str) -> (&'static str, String) {
    let digits = format!("{:0>32}", name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
    match provider {
        ProviderId::Twilio => ("account_sid", format!("AC{digits}")),
        ProviderId::SignalWire => {
            ("project_id", format!("{}-0000-4000-8000-{}", &digits[12..20], &digits[20..]))
        }
        ProviderId::Telnyx | ProviderId::Retell => ("api_key", format!("KEY0telnyx_{name}")),
    }
}

/// The account of a name, beside the platform's of that provider.
fn beside(platform: &ProviderAccount, name: &str) -> ProviderAccount {
    let mut account = platform.clone();
    let (setting, value) = identity(platform.provider, name);
    account.config.set(setting, Secret::new(value));
    if platform.provider == ProviderId::Telnyx {
        let (_, digits) = identity(ProviderId::Twilio, name);
        account
            .config
            .set("account_id", Secret::new(format!("{}-0000-4000-8000-{}", &digits[14..22], &digits[22..])));
    }
    account
}

/// The samples of a provider.
fn sample(provider: ProviderId) -> ProviderAccount {
    let mut accounts: Vec<ProviderAccount> =
        SAMPLES.iter().map(telephony_testkit::webhooks::Sample::account).collect();
    accounts.push(telephony_testkit::telnyx::account());
    accounts.into_iter().find(|account| account.provider == provider).unwrap()
}

/// The platform's account of a provider, and acme's own; and the platform's at the others.
fn secret(provider: ProviderId, others: &[ProviderId]) -> String {
    let platform = sample(provider);
    let own = beside(&platform, "own");
    let mut all = vec![deployed(&platform, "platform", None), deployed(&own, "own", Some("acme"))];
    all.extend(others.iter().map(|other| deployed(&sample(*other), &format!("platform-{other}"), None)));
    json!({"accounts": all}).to_string()
}

impl World {
    pub async fn new(engine: &Arc<Engine>, provider: ProviderId, mood: Mood, cuts: &[Cut]) -> Self {
        Self::with(engine, provider, &[], mood, cuts).await
    }

    /// One with accounts of the platform at other providers as well.
    pub async fn with(
        engine: &Arc<Engine>,
        provider: ProviderId,
        others: &[ProviderId],
        mood: Mood,
        cuts: &[Cut],
    ) -> Self {
        let table = format!("tandem-{}", engine.tables.fetch_add(1, Ordering::SeqCst));
        create(&engine.database, &table);
        let store = Store::new(engine.client(engine.http.clone()), table.as_str());
        let clock = Arc::new(FakeClock::new(at(0)));
        let providers = Arc::new(Providers::new(Arc::clone(&clock)));
        providers.with(|state| {
            state.mood = mood;
            state.accounts.insert(identity(provider, "own").1, "own".to_owned());
            state.for_sale = [FIRST, SECOND].map(str::to_owned).into();
            let mark = "Front desk".to_owned();
            let held =
                Held { sid: "900".into(), mark, voice: "https://example.com".into(), ..Held::default() };
            state.held.insert((provider, FOREIGN.to_owned()), held);
        });
        let broken = Arc::new(Mutex::new(Vec::new()));
        let fuse = Fuse::new(cuts);
        let random = Arc::new(Counting::default());
        let secret = secret(provider, others);
        let mut world = Self {
            provider,
            engine: Arc::clone(engine),
            process: process(
                engine,
                &table,
                &store,
                &Parts {
                    clock: Arc::clone(&clock),
                    providers: Arc::clone(&providers),
                    random: Arc::clone(&random),
                    secret: secret.clone(),
                    edge: Edge { fuse: Arc::clone(&fuse), watch: Arc::new(|| {}), turns: None },
                },
            ),
            store,
            fuse,
            clock,
            providers,
            broken,
            random,
            secret,
            table,
        };
        let fuse = Arc::clone(&world.fuse);
        world.process = world.another(fuse, None);
        world
    }

    /// Another process of the same deployment.
    pub fn another(&self, fuse: Arc<Fuse>, turns: Option<Turns>) -> Process {
        let (database, table) = (self.engine.database.clone(), self.table.clone());
        let broken = Arc::clone(&self.broken);
        let watch: Watch =
            Arc::new(move || law::money(&items(&database, &table), &mut broken.lock().unwrap()));
        process(
            &self.engine,
            &self.table,
            &self.store,
            &Parts {
                clock: Arc::clone(&self.clock),
                providers: Arc::clone(&self.providers),
                random: Arc::clone(&self.random),
                secret: self.secret.clone(),
                edge: Edge { fuse, watch, turns },
            },
        )
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The accounts, without the fuse.
    pub fn book(&self) -> Book {
        let edge = Edge { fuse: Fuse::new(&[]), watch: Arc::new(|| {}), turns: None };
        let secret = CutSecret { text: self.secret.clone(), edge };
        Book::new(self.store.clone(), Arc::new(secret), Arc::new(Keys::default()))
    }

    /// Opens a subaccount of the platform's for a tenant.
    pub async fn open_below(&self, name: &str, id: &str) -> AccountRecord {
        let shown = identity(self.provider, id).1;
        self.providers.with(|state| state.accounts.insert(shown, id.to_owned()));
        let owner = Owner::Tenant(tenant(name));
        let mut record = AccountRecord::new(id.parse().unwrap(), self.provider, owner.clone());
        record.parent = "platform".parse().ok();
        for (setting, value) in beside(&sample(self.provider), id).config.iter() {
            record.own.set(setting, value.clone());
        }
        assert_eq!(self.book().add(&tenant(name), &record, None, at(0)).await, Ok(AccountWrite::Done));
        self.book().find(&owner, &record.id).await.unwrap().unwrap()
    }

    pub fn items(&self) -> HashMap<(String, String), Value> {
        items(&self.engine.database, &self.table)
    }

    pub async fn deposit(&self, name: &str, micros: i64) {
        self.store.deposit(&tenant(name), Micros::new(micros), "r", at(0)).await.unwrap();
    }
}

struct Parts {
    clock: Arc<FakeClock>,
    providers: Arc<Providers>,
    random: Arc<Counting>,
    secret: String,
    edge: Edge,
}

fn process(engine: &Engine, table: &str, plain: &Store, parts: &Parts) -> Process {
    let edge = &parts.edge;
    let http = CutClient { inner: engine.http.clone(), edge: edge.clone() };
    let store = Arc::new(Store::new(engine.client(http), table));
    let secret = CutSecret { text: parts.secret.clone(), edge: edge.clone() };
    let book = Arc::new(Book::new((*store).clone(), Arc::new(secret), Arc::new(Keys::default())));
    let transport = CutTransport { inner: Arc::clone(&parts.providers), edge: edge.clone() };
    let desk: Arc<dyn Desk> =
        Arc::new(Registry { environment: Environment::default(), transport: Arc::new(transport) });
    let clock: Arc<dyn Clock> = parts.clock.clone();
    let saga = || PurchaseSaga {
        book: book.clone(),
        purchases: store.clone(),
        desk: Arc::clone(&desk),
        public_base_url: BASE.into(),
        clock: Arc::clone(&clock),
    };
    let release = || Release {
        inventory: store.clone(),
        returns: store.clone(),
        book: book.clone(),
        desk: Arc::clone(&desk),
        clock: Arc::clone(&clock),
    };
    let marker = Marker::new(STACK);
    Process {
        buy: Buy {
            saga: saga(),
            inventory: store.clone(),
            wallets: store.clone(),
            agents: Arc::new(plain.clone()),
            prices: PriceTable::bundled(),
            marker: marker.clone(),
            random: parts.random.clone(),
        },
        release: release(),
        mover: MoveNumber {
            inventory: store.clone(),
            numbers: store.clone(),
            moves: store.clone(),
            book: book.clone(),
            desk: Arc::clone(&desk),
            clock: Arc::clone(&clock),
        },
        moves: MoveSaga {
            tasks: store.clone(),
            inventory: store.clone(),
            moves: store.clone(),
            messages: store.clone(),
            inbox: store.clone(),
            book: book.clone(),
            desk: Arc::clone(&desk),
            public_base_url: BASE.into(),
        },
        receive: ReceiveMessage { routes: Arc::new(RouteCache::new(store.clone())), inbox: store.clone() },
        reconcile: Reconcile {
            tasks: store.clone(),
            saga: saga(),
            release: release(),
            give_back: GiveBack {
                book: book.clone(),
                desk: Arc::clone(&desk),
                stock: store.clone(),
                returns: store.clone(),
                clock: Arc::clone(&clock),
            },
            sweep: InventorySweep {
                book: book.clone(),
                accounts: book,
                desk: Arc::clone(&desk),
                purchases: store.clone(),
                inventory: store.clone(),
                stock: store.clone(),
                returns: store.clone(),
                sweeps: store.clone(),
                marker,
                clock: Arc::clone(&clock),
            },
            clock,
        },
    }
}

pub fn actor(name: &str) -> Actor {
    Actor { tenant: tenant(name), admin: false, tenant_admin: true }
}

pub fn request(phone: &str, account: &str) -> PurchaseRequest {
    PurchaseRequest {
        phone_number: phone.into(),
        display_name: "Front desk".into(),
        country_code: "US".into(),
        number_type: "local".into(),
        provider_account_id: Some(account.into()),
        ..PurchaseRequest::default()
    }
}

impl Process {
    /// A tenant buys a number through this account.
    pub async fn buy(
        &self,
        buyer: &TenantId,
        phone: &str,
        account: &str,
        key: Option<&str>,
    ) -> Result<Bought, Problem> {
        let user = "ann".parse().unwrap();
        self.buy.buy(&actor(buyer.as_str()), &user, &request(phone, account), key).await
    }
}
