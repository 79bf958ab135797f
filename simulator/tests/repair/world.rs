//! Accounts at four providers, with numbers of tenants, numbers that nobody here knows, and what numbers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use telephony::api::repair::{DriftBody, RepairAnswer, RepairRequest};
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::desk::{Desk as _, Providers};
use telephony::app::repair::WebhookRepair;
use telephony::domain::ids::NumberId;
use telephony::domain::mark::Marker;
use telephony::domain::number::{Holding, NumberStatus, PhoneNumber};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Numbers as _};
use telephony::provider::account::ProviderAccount;
use telephony::provider::numbers::NumberSettings;
use telephony::provider::{Environment, ProviderId};
use telephony_aws::Book;
use telephony_http::ReqwestTransport;

use crate::harness::{ACCOUNT, Simulator, TOKEN, send};
use crate::support::keys::{Keys, Parameters};
use crate::support::samples::{at, tenant};
use crate::support::{Table, table};

pub const BASE: &str = "https://phone.example.com/prod";
/// As a purchase leaves it.
pub const MARK: &str = "tandem:test:01JDEM00000000000000000001";
pub const PROJECT: &str = "11111111-1111-4111-8111-111111111111";
pub const ORG: &str = "47a530f8-4362-4526-829b-bcee17fd9f7a";
pub const TELNYX_KEY: &str = "KEY0123456789";
pub const RETELL_KEY: &str = "key_0123456789";
pub const OWN_ACCOUNT: &str = "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
/// Three numbers at each provider are a tenant's; two are nobody's, and two of the harness's own.
pub const OURS: u64 = 12;
pub const UNMANAGED: u64 = 10;
/// Tenants' numbers at each provider, by its digit in the area code.
pub const PROVIDERS: [(ProviderId, &str, &str); 4] = [
    (ProviderId::Twilio, "twilio", "+141555501"),
    (ProviderId::SignalWire, "signalwire", "+141555502"),
    (ProviderId::Telnyx, "telnyx", "+141555503"),
    (ProviderId::Retell, "retell", "+141555504"),
];

/// Moves by a step whenever it is looked at.
#[derive(Default)]
pub struct Steps {
    now: AtomicI64,
    pub step: AtomicI64,
}

impl Clock for Steps {
    fn now(&self) -> Timestamp {
        let step = self.step.load(Ordering::SeqCst);
        at(0).plus(Duration::from_secs(u64::try_from(self.now.fetch_add(step, Ordering::SeqCst)).unwrap()))
    }
}

pub struct World {
    pub simulator: Simulator,
    pub table: Table,
    pub repair: WebhookRepair,
    pub clock: Arc<Steps>,
    pub service: String,
    pub application: String,
    pub profile: String,
    pub agent: String,
    accounts: Vec<ProviderAccount>,
    providers: Providers,
}

/// The number `n` of a tenant at a provider.
pub fn ours(provider: ProviderId, n: usize) -> String {
    format!("{}{n}", PROVIDERS.iter().find(|(id, ..)| *id == provider).unwrap().2)
}

pub fn name(provider: ProviderId) -> &'static str {
    provider.as_str()
}

pub fn number(provider: ProviderId, account: &str, phone: &str) -> PhoneNumber {
    PhoneNumber {
        id: NumberId::derived(&[account, phone]),
        tenant: tenant("acme"),
        phone: phone.parse().unwrap(),
        provider,
        account: account.parse().unwrap(),
        sid: None,
        own_account: false,
        voice_via: None,
        user: None,
        agent: None,
        auto_answer: None,
        routes: Vec::new(),
        display_name: phone.to_owned(),
        is_active: true,
        is_primary: false,
        voice: true,
        sms: provider != ProviderId::Retell,
        mms: provider != ProviderId::Retell,
        status: NumberStatus::Active,
        holding: Holding::default(),
        version: 0,
        created_at: at(0),
    }
}

impl World {
    pub async fn new() -> Self {
        let simulator = Simulator::start().await;
        for account in [
            json!({"provider": "twilio", "sid": OWN_ACCOUNT, "auth_token": TOKEN}),
            json!({"provider": "signalwire", "sid": PROJECT, "auth_token": TOKEN}),
            json!({"provider": "telnyx", "sid": ORG, "auth_token": TELNYX_KEY}),
            json!({"provider": "retell", "sid": "org_1", "auth_token": RETELL_KEY}),
        ] {
            simulator.control("POST", "/accounts", account).await;
        }
        let mut world = Self::with_nothing(simulator).await;
        world.share().await;
        world.open().await;
        for (provider, ..) in PROVIDERS {
            for n in 1..=3 {
                world.hold(provider, n).await;
            }
            world.strangers(provider).await;
        }
        let bound = json!([{"agent_id": world.agent, "weight": 1}]);
        for n in 1..=3 {
            world.at_retell(&ours(ProviderId::Retell, n), json!({"inbound_agents": bound})).await;
        }
        world
    }

    async fn with_nothing(simulator: Simulator) -> Self {
        let table = table().await;
        let clock = Arc::new(Steps::default());
        let (repair, providers) = parts(&table, &clock, "{\"accounts\": []}");
        Self {
            simulator,
            table,
            repair,
            clock,
            service: String::new(),
            application: String::new(),
            profile: String::new(),
            agent: String::new(),
            accounts: Vec::new(),
            providers,
        }
    }

    /// What numbers share, as whoever sets an account up makes it.
    async fn share(&mut self) {
        let twilio = |path: &str| format!("{BASE}/api/webhooks/twilio/{path}#rc=2&rp=5xx,ct,rt");
        let form = [
            ("FriendlyName", "ours"),
            ("UseInboundWebhookOnNumber", "true"),
            ("InboundRequestUrl", &twilio("sms")),
            ("FallbackUrl", &twilio("sms")),
            ("StatusCallback", &twilio("status-callback")),
        ];
        let made = self.twilio_form("/twilio/v1/Services", ACCOUNT, &form).await;
        self.service = made["sid"].as_str().unwrap().to_owned();
        let events = format!("{BASE}/api/webhooks/telnyx");
        let application = json!({
            "application_name": "ours", "webhook_event_url": events, "webhook_event_failover_url": events,
            "webhook_api_version": "2", "webhook_timeout_secs": 10,
        });
        let profile = json!({
            "name": "ours", "webhook_url": events, "webhook_failover_url": events,
            "whitelisted_destinations": ["US"],
        });
        self.application = self.at_telnyx("POST", "call_control_applications", application).await;
        self.profile = self.at_telnyx("POST", "messaging_profiles", profile).await;
        let agent = json!({
            "response_engine": {"type": "retell-llm", "llm_id": "l"}, "voice_id": "v", "agent_name": "Ana",
            "webhook_url": format!("{BASE}/api/webhooks/retell"),
        });
        let (status, made) = self.simulator.call(RETELL_KEY, "POST", "/retell/create-agent", agent).await;
        assert_eq!(status, 201, "{made}");
        self.agent = made["agent_id"].as_str().unwrap().to_owned();
    }

    /// The deployment's accounts, now that all they name is there.
    async fn open(&mut self) {
        let base = &self.simulator.base;
        let deployed = json!({"accounts": [
            {"id": "platform-twilio", "provider": "twilio", "config": {"account_sid": ACCOUNT,
                "auth_token": TOKEN, "messaging_service_sid": self.service, "api_base": format!("{base}/twilio")}},
            {"id": "platform-signalwire", "provider": "signalwire", "config": {"project_id": PROJECT,
                "token": TOKEN, "space_url": "x.signalwire.com", "api_base": format!("{base}/signalwire")}},
            {"id": "platform-telnyx", "provider": "telnyx", "config": {"api_key": TELNYX_KEY,
                "connection_id": self.application, "messaging_profile_id": self.profile,
                "api_base": format!("{base}/telnyx")}},
            {"id": "platform-retell", "provider": "retell", "config": {"api_key": RETELL_KEY,
                "api_base": format!("{base}/retell")}},
            {"id": "own-twilio", "provider": "twilio", "tenant": "acme", "config": {"account_sid": OWN_ACCOUNT,
                "auth_token": TOKEN, "api_base": format!("{base}/twilio")}},
        ]});
        self.accounts = serde_json::from_value(deployed["accounts"].clone()).unwrap();
        (self.repair, self.providers) = parts(&self.table, &self.clock, &deployed.to_string());
    }

    pub fn account(&self, id: &str) -> &ProviderAccount {
        self.accounts.iter().find(|account| account.id.as_str() == id).unwrap()
    }

    /// A tenant's number, set up by the adapter that sets up what is bought.
    async fn hold(&self, provider: ProviderId, n: usize) {
        let phone = ours(provider, n);
        let account = format!("platform-{provider}");
        self.plant(provider, json!({"account": remote(provider), "phone_number": phone})).await;
        self.configure(&account, &phone, Some(MARK)).await;
        assert!(self.table.store.put(&number(provider, &account, &phone)).await.unwrap());
    }

    pub async fn configure(&self, account: &str, phone: &str, mark: Option<&str>) {
        let held = self.providers.held_numbers(self.account(account)).unwrap().unwrap();
        let found = held.find(&phone.parse().unwrap()).await.unwrap().unwrap();
        let settings = NumberSettings { webhooks: Some(BASE.into()), mark: mark.map(str::to_owned) };
        held.configure(&found.sid, &settings).await.unwrap();
    }

    /// Numbers that no tenant has here: one that goes wherever it likes, and one whose own system was here once.
    async fn strangers(&self, provider: ProviderId) {
        let prefix = ours(provider, 7);
        let wild = json!({"account": remote(provider), "phone_number": prefix,
            "sms_url": "https://other.example.net/sms", "voice_url": "http://demo.twilio.com/docs/voice.xml",
            "friendly_name": "tandem:other:01JDEM00000000000000000001", "status_callback": "http://other.example.net/s?agentId=1"});
        self.plant(provider, wild).await;
        let phone = ours(provider, 8);
        self.plant(provider, json!({"account": remote(provider), "phone_number": phone})).await;
    }

    pub async fn plant(&self, provider: ProviderId, mut number: Value) {
        number["provider"] = json!(name(provider));
        self.simulator.control("POST", "/numbers", number).await;
    }

    /// A form at Twilio; `path` begins behind the simulator's origin.
    pub async fn twilio_form(&self, path: &str, user: &str, pairs: &[(&str, &str)]) -> Value {
        use base64::Engine as _;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{TOKEN}"));
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = http::Request::post(format!("{}{path}", self.simulator.base))
            .header("Authorization", format!("Basic {basic}"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
            .unwrap();
        let (status, _, bytes) = send(request).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// A request at Telnyx; the id of what it answers with.
    pub async fn at_telnyx(&self, method: &str, path: &str, body: Value) -> String {
        let (status, answer) =
            self.simulator.call(TELNYX_KEY, method, &format!("/telnyx/v2/{path}"), body).await;
        assert!((200..300).contains(&status), "{path}: {answer}");
        answer["data"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn at_retell(&self, phone: &str, body: Value) {
        let path = format!("/retell/update-phone-number/{}", phone.replace('+', "%2B"));
        let (status, answer) = self.simulator.call(RETELL_KEY, "PATCH", &path, body).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// What the simulator knows of a number.
    pub async fn number(&self, phone: &str) -> Value {
        let numbers = self.simulator.get("/numbers").await;
        let numbers = numbers["numbers"].as_array().unwrap();
        numbers.iter().find(|number| number["phone_number"] == phone).unwrap().clone()
    }

    /// Everything that a setting can be of, by what it is: the clock stands still, so that a write that changes
    /// nothing changes nothing here.
    pub async fn everything(&self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        let numbers = self.simulator.get("/numbers").await;
        for number in numbers["numbers"].as_array().unwrap() {
            let id = format!("{} {}", number["provider"], number["phone_number"]);
            all.push((id, number.clone()));
        }
        for list in ["call_control_applications", "messaging_profiles"] {
            let (_, found) =
                self.simulator.call(TELNYX_KEY, "GET", &format!("/telnyx/v2/{list}"), Value::Null).await;
            for one in found["data"].as_array().unwrap() {
                all.push((one["id"].as_str().unwrap().to_owned(), one.clone()));
            }
        }
        let (_, agents) = self.simulator.call(RETELL_KEY, "GET", "/retell/list-agents", Value::Null).await;
        for one in agents.as_array().unwrap() {
            let mut one = one.clone();
            one.as_object_mut().unwrap().remove("last_modification_timestamp");
            all.push((one["agent_id"].as_str().unwrap().to_owned(), one));
        }
        let service = self.twilio_form(&format!("/twilio/v1/Services/{}", self.service), ACCOUNT, &[]).await;
        all.push((self.service.clone(), service));
        all
    }

    /// How many requests have been made that change something.
    pub async fn writes(&self) -> usize {
        let mut writes = 0;
        for method in ["POST", "PATCH", "DELETE"] {
            let requests = self.simulator.get(&format!("/requests?method={method}")).await;
            writes += requests["requests"].as_array().unwrap().len();
        }
        writes
    }

    pub async fn ask(&self, request: RepairRequest) -> Result<RepairAnswer, Problem> {
        self.repair.repair(&request).await
    }

    /// One run over everything of the platform's.
    pub async fn run(&self, dry_run: bool) -> RepairAnswer {
        self.ask(RepairRequest { dry_run: Some(dry_run), ..RepairRequest::default() }).await.unwrap()
    }

    /// The same, going on from cursor to cursor. How many runs it took.
    pub async fn runs(&self, dry_run: bool) -> (RepairAnswer, usize) {
        let mut all = RepairAnswer::default();
        let mut request = RepairRequest { dry_run: Some(dry_run), ..RepairRequest::default() };
        for runs in 1.. {
            let answer = self.ask(request.clone()).await.unwrap();
            all.checked += answer.checked;
            all.unmanaged += answer.unmanaged;
            all.drifted.extend(answer.drifted);
            all.unavailable.extend(answer.unavailable);
            request.cursor = answer.next_cursor;
            if request.cursor.is_none() {
                return (all, runs);
            }
            assert!(runs < 1000, "it does not end");
        }
        unreachable!()
    }
}

pub fn remote(provider: ProviderId) -> &'static str {
    match provider {
        ProviderId::Twilio => ACCOUNT,
        ProviderId::SignalWire => PROJECT,
        ProviderId::Telnyx => ORG,
        ProviderId::Retell => "org_1",
    }
}

fn parts(table: &Table, clock: &Arc<Steps>, deployed: &str) -> (WebhookRepair, Providers) {
    let store = Arc::new(table.store.clone());
    let providers = || Providers {
        environment: Environment { local: true, local_origins: Vec::new() },
        transport: Arc::new(ReqwestTransport::new(Duration::from_secs(20)).unwrap()),
    };
    let keys = Arc::new(Keys::default());
    let book = Book::new(table.store.clone(), Arc::new(Parameters::new(deployed)), keys);
    let repair = WebhookRepair {
        book: Arc::new(book),
        numbers: store,
        desk: Arc::new(providers()),
        clock: clock.clone(),
        public_base_url: BASE.into(),
        marker: Marker::new("test"),
    };
    (repair, providers())
}

/// What a finding says, without what became of it.
pub fn finding(drift: &DriftBody) -> DriftBody {
    DriftBody { repaired: false, ..drift.clone() }
}
