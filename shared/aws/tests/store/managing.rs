//! Provider management on the real store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::{Actor, ProviderAccounts};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Numbers, Random};
use telephony::provider::Environment;
use telephony::provider::connection::AccountState;
use telephony::provider::error::{Effect, ErrorKind};

use crate::managing_desk::TestDesk;
use crate::support::samples::*;
use crate::support::{Table, table};

#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Random for Counting {
    fn ulid(&self, now: Timestamp) -> u128 {
        (u128::try_from(now.millis()).unwrap() << 80) | u128::from(self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn up_to(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}

struct Stack {
    table: Table,
    desk: TestDesk,
    accounts: ProviderAccounts,
}

async fn stack() -> Stack {
    let table = table().await;
    let desk = TestDesk::default();
    let store = Arc::new(table.store.clone());
    let accounts = ProviderAccounts {
        public_base_url: "https://phone.example.com".into(),
        book: Arc::new(crate::accounts::book(&table)),
        numbers: store.clone(),
        inventory: store.clone(),
        stock: store,
        desk: Arc::new(desk.clone()),
        environment: Environment::default(),
        clock: Arc::new(desk.clone()),
        random: Arc::new(Counting::default()),
    };
    Stack { table, desk, accounts }
}

fn actor(name: &str, tenant_admin: bool, admin: bool) -> Actor {
    Actor { tenant: tenant(name), admin, tenant_admin }
}

impl Stack {
    async fn tell(&self, actor: &Actor, body: Value, key: Option<&str>) -> Result<Value, Problem> {
        let request = serde_json::from_value(body).unwrap();
        let done = self.accounts.manage(actor, &request, key).await?;
        let mut answer = serde_json::to_value(&done.answer).unwrap();
        answer["replayed"] = done.replayed.into();
        Ok(answer)
    }

    async fn ok(&self, actor: &Actor, body: Value) -> Value {
        self.tell(actor, body, None).await.unwrap()
    }

    async fn refused(&self, actor: &Actor, body: Value) -> (String, u16, Vec<String>) {
        let problem = self.tell(actor, body, None).await.unwrap_err();
        let fields = problem.errors().iter().map(|error| error.field.clone()).collect();
        (problem.code().as_str().into_owned(), problem.status(), fields)
    }

    /// An account of acme's own.
    async fn own(&self) -> String {
        let added = self.ok(&acme(), adding("ACown")).await;
        added["provider"]["id"].as_str().unwrap().to_owned()
    }
}

fn acme() -> Actor {
    actor("acme", true, false)
}

fn platform() -> Actor {
    actor("operator", false, true)
}

fn adding(sid: &str) -> Value {
    let config = json!({ "account_sid": sid, "auth_token": "0123456789abcdef0123456789ab1234", "display_name": "Ours" });
    json!({ "action": "add_provider", "provider_type": "twilio", "config": config })
}

fn refusal(code: &str, status: u16, fields: &[&str]) -> (String, u16, Vec<String>) {
    (code.to_owned(), status, fields.iter().map(|field| (*field).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_added_shown_changed_and_removed() {
    let stack = stack().await;
    let added = stack.ok(&acme(), adding("ACown")).await;
    let provider = &added["provider"];
    let id = provider["id"].as_str().unwrap();
    assert!(id.starts_with("twilio-") && id.len() <= 64, "{id}");
    assert_eq!(provider["config"], json!({ "account_sid": "ACown", "auth_token": "…1234" }));
    assert_eq!((&provider["scope"], &provider["webhooks"]), (&json!("tenant"), &json!("ready")));
    assert_eq!((&provider["priority"], &provider["health"]["state"]), (&json!(100), &json!("unknown")));
    assert_eq!(provider["capabilities"]["max_body"], 1600);

    // Everybody of the tenant sees it, and only those who manage it see its settings.
    let listed = stack.ok(&actor("acme", false, false), json!({ "action": "list_providers" })).await;
    let providers = listed["providers"].as_array().unwrap();
    assert!(providers.iter().all(|provider| provider["config"].is_null() && provider["balance"].is_null()));
    let unset: Vec<_> =
        providers.iter().filter(|p| p["configured"] == false).map(|p| &p["provider_type"]).collect();
    assert_eq!(unset, ["signalwire", "telnyx", "retell"]);
    let of_rival = stack.ok(&actor("rival", true, false), json!({ "action": "list_providers" })).await;
    assert!(!of_rival.to_string().contains(id));

    let rotation = json!({ "next_auth_token": "fedcba9876543210fedcba9876549999", "priority": 5 });
    let update = |config: Value| json!({ "action": "update_provider", "provider_id": id, "config": config });
    let updated = stack.ok(&acme(), update(rotation)).await;
    assert_eq!(updated["provider"]["config"]["next_auth_token"], "…9999");
    assert_eq!(updated["provider"]["config"]["auth_token"], "…1234");
    let ended = json!({ "auth_token": "fedcba9876543210fedcba9876549999", "next_auth_token": "", "display_name": null });
    let updated = stack.ok(&acme(), update(ended)).await;
    assert_eq!(updated["provider"]["config"], json!({ "account_sid": "ACown", "auth_token": "…9999" }));
    assert_eq!(updated["provider"]["display_name"], "Twilio");
    assert_eq!(
        stack.refused(&acme(), update(json!({ "auth_token": "" }))).await,
        refusal("VALIDATION_FAILED", 400, &["config.auth_token"])
    );
    let off = stack.ok(&acme(), update(json!({ "active": false }))).await;
    assert_eq!(off["provider"]["health"]["state"], "off");

    let delete = json!({ "action": "delete_provider", "provider_id": id });
    stack.ok(&acme(), delete.clone()).await;
    assert_eq!(stack.refused(&acme(), delete).await, refusal("PROVIDER_NOT_FOUND", 422, &["provider_id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_nothing_happens() {
    let stack = stack().await;
    let id = stack.own().await;
    for (body, code, status, fields) in [
        (json!({ "action": "add_provider" }), "VALIDATION_FAILED", 400, &["provider_type", "config"][..]),
        (json!({ "action": "list_providers", "number": "x" }), "VALIDATION_FAILED", 400, &["number"]),
        (json!({ "action": "sync_numbers" }), "VALIDATION_FAILED", 400, &["provider_id"]),
        (
            json!({ "action": "test_connection", "provider_type": "vonage" }),
            "VALIDATION_FAILED",
            400,
            &["provider_type"],
        ),
        (
            json!({ "action": "test_connection", "provider_type": "telnyx" }),
            "TELNYX_NOT_CONFIGURED",
            503,
            &[],
        ),
        (
            json!({ "action": "add_provider", "provider_type": "twilio", "config": { "certificate_id": "c" } }),
            "VALIDATION_FAILED",
            400,
            &["config.certificate_id"],
        ),
        (
            json!({ "action": "add_provider", "provider_type": "twilio", "config": {} }),
            "VALIDATION_FAILED",
            400,
            &["config.account_sid", "config.auth_token"],
        ),
        (
            json!({ "action": "import_number", "provider_id": id, "number": "555" }),
            "INVALID_NUMBER",
            400,
            &["number"],
        ),
        (
            json!({ "action": "delete_provider", "provider_id": "no such" }),
            "PROVIDER_NOT_FOUND",
            422,
            &["provider_id"],
        ),
        (json!({ "action": "list_numbers", "limit": 101 }), "VALIDATION_FAILED", 400, &["limit"]),
        (json!({ "action": "list_numbers", "cursor": "x" }), "VALIDATION_FAILED", 400, &["cursor"]),
        // The same account at the provider again.
        (adding("ACown"), "PROVIDER_IN_USE", 409, &[]),
    ] {
        assert_eq!(stack.refused(&acme(), body.clone()).await, refusal(code, status, fields), "{body}");
    }
    assert!(stack.desk.with(|world| world.asked.is_empty()), "no provider was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_tenants_are_kept_apart() {
    let stack = stack().await;
    let id = stack.own().await;
    let user = actor("acme", false, false);
    let forbidden = refusal("FORBIDDEN", 403, &[]);
    for action in ["update_provider", "delete_provider", "test_connection"] {
        let mut body = json!({ "action": action, "provider_id": id });
        if action == "update_provider" {
            body["config"] = json!({});
        }
        assert_eq!(stack.refused(&user, body.clone()).await, forbidden);
        // Another tenant's account is one that nobody has.
        let rival = stack.refused(&actor("rival", true, false), body.clone()).await;
        assert_eq!(rival, refusal("PROVIDER_NOT_FOUND", 422, &["provider_id"]));
        body["provider_id"] = json!("platform-twilio");
        assert_eq!(stack.refused(&acme(), body.clone()).await, forbidden);
        body["tenant_id"] = json!("rival");
        assert_eq!(stack.refused(&acme(), body).await, forbidden);
    }
    let mut of_platform = adding("ACp");
    of_platform["scope"] = json!("platform");
    assert_eq!(stack.refused(&acme(), of_platform.clone()).await, forbidden);
    let added = stack.ok(&platform(), of_platform.clone()).await;
    assert_eq!(added["provider"]["scope"], "platform");
    assert_eq!(stack.refused(&platform(), of_platform).await.0, "PROVIDER_IN_USE");
    // The platform acts for a tenant whom it names.
    let change = json!({ "action": "update_provider", "provider_id": id, "config": { "priority": 1 } });
    assert_eq!(stack.refused(&platform(), change.clone()).await.0, "PROVIDER_NOT_FOUND");
    let mut named = change;
    named["tenant_id"] = json!("acme");
    assert_eq!(stack.ok(&platform(), named).await["provider"]["priority"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_deployment_says_can_be_overlaid_and_not_deleted() {
    let stack = stack().await;
    let delete = json!({ "action": "delete_provider", "provider_id": "platform-twilio" });
    assert_eq!(
        stack.refused(&platform(), delete.clone()).await,
        refusal("VALIDATION_FAILED", 400, &["provider_id"])
    );
    let change = json!({ "action": "update_provider", "provider_id": "platform-twilio",
        "config": { "display_name": "Main", "auth_token": "0123456789abcdef-rotated" } });
    let changed = stack.ok(&platform(), change).await;
    assert_eq!(changed["provider"]["config"], json!({ "account_sid": "ACplatform", "auth_token": "…ated" }));
    let left = stack.ok(&platform(), delete).await;
    assert_eq!(left["provider"]["config"], json!({ "account_sid": "ACplatform", "auth_token": "…" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_one_account() {
    let stack = stack().await;
    let first = stack.tell(&acme(), adding("ACown"), Some("k")).await.unwrap();
    let again = stack.tell(&acme(), adding("ACown"), Some("k")).await.unwrap();
    assert_eq!((&again["replayed"], &again["provider"]["id"]), (&json!(true), &first["provider"]["id"]));
    let other = stack.tell(&acme(), adding("ACother"), Some("k")).await.unwrap_err();
    assert_eq!(other.code().as_str(), "IDEMPOTENCY_MISMATCH");
    assert!(stack.tell(&acme(), adding("ACother"), Some(" ")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_opens_no_second_subaccount() {
    let stack = stack().await;
    let parent = stack.own().await;
    let body = json!({ "action": "add_provider", "provider_type": "twilio",
        "config": { "subaccount_of": parent, "display_name": "Sub" } });
    stack.desk.with(|world| world.lose_open = true);
    let lost = stack.tell(&acme(), body.clone(), Some("k")).await.unwrap_err();
    assert_eq!(lost.code().as_str(), "PROVIDER_UNAVAILABLE");
    let hurried = stack.tell(&acme(), body.clone(), Some("k")).await.unwrap_err();
    assert_eq!(hurried.code().as_str(), "IN_PROGRESS");
    stack.desk.with(|world| world.now = at(61));
    let found = stack.tell(&acme(), body, Some("k")).await.unwrap();
    let provider = &found["provider"];
    assert_eq!((&provider["scope"], &provider["parent_id"]), (&json!("subaccount"), &json!(parent)));
    assert_eq!(provider["config"], json!({ "account_sid": "ACsub0", "auth_token": "…ount" }));
    assert_eq!(provider["health"]["state"], "unknown");
    assert_eq!(stack.desk.with(|world| world.asked.clone()), ["open", "find"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_account_is_finished_by_an_update_and_not_lost_by_a_deletion() {
    let stack = stack().await;
    let parent = stack.own().await;
    stack.desk.with(|world| world.lose_open = true);
    let body =
        json!({ "action": "add_provider", "provider_type": "twilio", "config": { "subaccount_of": parent } });
    stack.refused(&acme(), body).await;
    let listed = stack.ok(&acme(), json!({ "action": "list_providers" })).await;
    let opening =
        listed["providers"].as_array().unwrap().iter().find(|p| p["health"]["state"] == "opening").unwrap();
    let id = opening["id"].clone();
    let delete = json!({ "action": "delete_provider", "provider_id": id });
    assert_eq!(stack.refused(&acme(), delete).await.0, "PROVIDER_IN_USE");
    stack.desk.with(|world| world.now = at(61));
    let update = json!({ "action": "update_provider", "provider_id": id, "config": {} });
    assert_eq!(stack.ok(&acme(), update).await["provider"]["config"]["account_sid"], "ACsub0");
    assert_eq!(stack.desk.with(|world| world.opened.len()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_is_wrong() {
    let stack = stack().await;
    let id = stack.own().await;
    let test = json!({ "action": "test_connection", "provider_id": id });
    let good = stack.ok(&acme(), test.clone()).await;
    assert_eq!(good["provider"]["health"]["state"], "ok");
    assert_eq!(good["provider"]["balance"], json!({ "amount": "5", "currency": "EUR" }));
    let state = |balance: i64, active| {
        let amount = telephony::domain::money::Micros::new(balance);
        let balance = Some(telephony::domain::money::Cost { amount, currency: "USD".into() });
        Ok(AccountState { balance, active, note: None })
    };
    for (answer, problem) in [(state(0, true), "balance"), (state(1, false), "suspended")] {
        stack.desk.with(|world| world.answer = answer);
        assert_eq!(stack.ok(&acme(), test.clone()).await["provider"]["health"]["problem"], problem);
    }
    stack.desk.with(|world| world.answer = Err((ErrorKind::InsufficientFunds, Effect::Refused)));
    assert_eq!(stack.ok(&acme(), test.clone()).await["provider"]["health"]["problem"], "balance");
    stack.desk.with(|world| world.answer = Err((ErrorKind::Authentication, Effect::Refused)));
    let refused = stack.tell(&acme(), test.clone(), None).await.unwrap_err();
    assert_eq!((refused.status(), refused.code().as_str().as_ref()), (502, "PROVIDER_REJECTED"));
    assert_eq!(refused.detail(), Some("Connection test failed: the credentials are not accepted"));
    stack.desk.with(|world| world.answer = Err((ErrorKind::Timeout, Effect::Unknown)));
    assert_eq!(stack.refused(&acme(), test).await, refusal("PROVIDER_UNAVAILABLE", 503, &[]));
    let listed = stack.ok(&acme(), json!({ "action": "list_providers" })).await;
    let own = listed["providers"].as_array().unwrap().iter().find(|p| p["id"] == id.as_str()).unwrap();
    assert_eq!((&own["health"]["state"], &own["health"]["problem"]), (&json!("problem"), &json!("network")));
    // The platform's is there for everybody, and its balance is not.
    stack.desk.with(|world| world.answer = state(7, true));
    let best = stack
        .ok(&actor("rival", true, false), json!({ "action": "test_connection", "provider_type": "twilio" }))
        .await;
    assert_eq!(best["provider"]["id"], "platform-twilio");
    assert!(best["provider"]["balance"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_imported_when_the_account_holds_it() {
    let stack = stack().await;
    let id = stack.own().await;
    let import = |number: &str| json!({ "action": "import_number", "provider_id": id, "number": number });
    assert_eq!(
        stack.refused(&acme(), import(OWN)).await,
        refusal("NO_PROVIDER_FOR_NUMBER", 422, &["number"])
    );
    stack.desk.with(|world| world.held = vec![OWN.into()]);
    let imported = stack.ok(&acme(), import(OWN)).await;
    assert_eq!(imported["number"]["status"], "active");
    assert_eq!(stack.ok(&acme(), import(OWN)).await["number"]["id"], imported["number"]["id"]);
    let stored = stack.table.store.of_tenant(&tenant("acme")).await.unwrap();
    assert!(stored.len() == 1 && stored[0].own_account && stored[0].account.as_str() == id);
    let held = stack.ok(&acme(), json!({ "action": "list_numbers", "provider_id": id })).await;
    assert_eq!(held["numbers"][0]["number"], OWN);
    // It points at the account.
    let delete = json!({ "action": "delete_provider", "provider_id": id });
    assert_eq!(stack.refused(&acme(), delete).await, refusal("PROVIDER_IN_USE", 409, &[]));
    // The same number through the platform's account is not the tenant's to have twice.
    let twice = json!({ "action": "import_number", "provider_id": "platform-twilio", "number": OWN, "tenant_id": "acme" });
    assert_eq!(stack.refused(&platform(), twice).await, refusal("NUMBER_UNAVAILABLE", 409, &["number"]));
    let stock = json!({ "action": "import_number", "provider_id": "platform-twilio", "number": OWN });
    assert_eq!(stack.ok(&platform(), stock).await["number"]["status"], "unassigned");
    let listed = json!({ "action": "list_numbers", "provider_id": "platform-twilio" });
    assert_eq!(stack.ok(&platform(), listed.clone()).await["numbers"][0]["status"], "unassigned");
    assert_eq!(stack.ok(&acme(), listed).await["numbers"], json!([]));
    let given = json!({ "action": "import_number", "provider_id": "platform-twilio", "number": OWN, "tenant_id": "rival" });
    assert_eq!(stack.ok(&platform(), given).await["number"]["status"], "active");
    let rival = stack.table.store.of_tenant(&tenant("rival")).await.unwrap();
    assert!(rival.len() == 1 && !rival[0].own_account);
    let listed = json!({ "action": "list_numbers", "provider_id": "platform-twilio" });
    assert_eq!(stack.ok(&platform(), listed).await["numbers"], json!([]), "it has left the stock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_stops_in_time_goes_on_and_doubles_nothing() {
    let stack = stack().await;
    let id = stack.own().await;
    let phones: Vec<String> = (0..7).map(|n| format!("+1415555010{n}")).collect();
    // Each question takes 11 seconds: two pages fit into a run.
    stack.desk.with(|world| (world.held, world.step) = (phones.clone(), 11));
    let mut body = json!({ "action": "sync_numbers", "provider_id": id });
    let mut imported = Vec::new();
    let mut runs = 0;
    loop {
        let run = stack.ok(&acme(), body.clone()).await;
        imported.extend(
            run["numbers"].as_array().unwrap().iter().map(|n| n["number"].as_str().unwrap().to_owned()),
        );
        assert_eq!((&run["removed"], &run["missing"]), (&json!(0), &json!([])));
        runs += 1;
        // A crash here loses nothing: the same cursor again finds what is known.
        if runs == 1 {
            let again = stack.ok(&acme(), body.clone()).await;
            assert_eq!(again["imported"], 0);
            assert_eq!(again["skipped_numbers"][0]["reason"], "already_imported");
        }
        if run["nextCursor"].is_null() {
            break;
        }
        body["cursor"] = run["nextCursor"].clone();
    }
    assert!(runs > 1, "{runs}");
    assert_eq!(imported, phones);
    assert_eq!(stack.table.store.of_tenant(&tenant("acme")).await.unwrap().len(), 7);
    // What is gone at the provider is reported and stays.
    stack.desk.with(|world| {
        world.held.remove(3);
        world.step = 0;
    });
    let run = stack.ok(&acme(), json!({ "action": "sync_numbers", "provider_id": id })).await;
    assert_eq!(
        (&run["imported"], &run["skipped"], &run["missing"]),
        (&json!(0), &json!(6), &json!([phones[3]]))
    );
    assert_eq!(stack.table.store.of_tenant(&tenant("acme")).await.unwrap().len(), 7);
    // A cursor is of its account.
    let other =
        json!({ "action": "sync_numbers", "provider_id": "platform-twilio", "cursor": body["cursor"] });
    assert_eq!(stack.refused(&platform(), other).await, refusal("VALIDATION_FAILED", 400, &["cursor"]));
    // The platform's account holds the same numbers: one of a tenant is passed over, the rest are stock.
    let mut held = number(&tenant("rival"), "platform-twilio", &phones[0]);
    held.sid = None;
    assert!(Numbers::put(&stack.table.store, &held).await.unwrap());
    let run =
        stack.ok(&platform(), json!({ "action": "sync_numbers", "provider_id": "platform-twilio" })).await;
    assert_eq!(run["imported"], 5);
    assert_eq!(run["skipped_numbers"], json!([{ "number": phones[0], "reason": "held_by_another_tenant" }]));
}
