//! The inventory as a tenant changes it, on the real store.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::api::numbers::inventory::NumberEntryRequest;
use telephony::app::numbers::inventory::{Filter, ManageNumbers};
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::{Actor, ProviderAccounts};
use telephony::domain::agent::Agent;
use telephony::domain::ids::{AccountId, NumberId, TenantId};
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::ports::{AccountBook, Agents, Inventory, NumberChange, NumberStock, Numbers};
use telephony::provider::error::ErrorKind;
use telephony::provider::numbers::NumberKind;
use telephony::provider::{Environment, ProviderId};

use crate::accounts::{of, record};
use crate::managing::Counting;
use crate::managing_desk::TestDesk;
use crate::support::samples::*;
use crate::support::{Table, table};

const OTHER: &str = "+12025550177";

struct Stack {
    table: Table,
    desk: TestDesk,
    manage: ManageNumbers,
    demo: TenantId,
}

async fn stack() -> Stack {
    let table = table().await;
    let desk = TestDesk::default();
    let store = Arc::new(table.store.clone());
    let manage = ManageNumbers {
        inventory: store.clone(),
        numbers: store.clone(),
        agents: store,
        book: Arc::new(crate::accounts::book(&table)),
        desk: Arc::new(desk.clone()),
        public_base_url: "https://phone.example.com".into(),
        default_country: "US".into(),
        clock: Arc::new(desk.clone()),
        random: Arc::new(Counting::default()),
    };
    Stack { table, desk, manage, demo: tenant("demo") }
}

impl Stack {
    /// A number that is not primary.
    async fn number(&self, phone: &str, change: impl FnOnce(&mut PhoneNumber)) -> PhoneNumber {
        let mut number = PhoneNumber { is_primary: false, ..number(&self.demo, "platform-twilio", phone) };
        change(&mut number);
        assert!(self.table.store.put(&number).await.unwrap());
        number
    }

    async fn agent(&self, id: &str) {
        let agent = Agent {
            id: id.parse().unwrap(),
            tenant: self.demo.clone(),
            name: "Desk".into(),
            line: None,
            character: Default::default(),
            fallback: None,
            sms_url: None,
            secret: None,
            created_at: at(0),
            updated_at: at(0),
        };
        assert!(self.table.store.put_agent(&agent, true).await.unwrap());
    }

    async fn change(&self, id: NumberId, body: Value) -> Result<PhoneNumber, Problem> {
        self.manage.change(&self.demo, id, &serde_json::from_value(body).unwrap()).await
    }

    async fn refused(&self, id: NumberId, body: Value) -> (String, u16, Vec<String>) {
        let problem = self.change(id, body).await.unwrap_err();
        let fields = problem.errors().iter().map(|error| error.field.clone()).collect();
        (problem.code().as_str().into_owned(), problem.status(), fields)
    }

    fn accounts(&self) -> ProviderAccounts {
        let store = Arc::new(self.table.store.clone());
        ProviderAccounts {
            public_base_url: "https://phone.example.com".into(),
            book: Arc::new(crate::accounts::book(&self.table)),
            numbers: store.clone(),
            inventory: store.clone(),
            stock: store,
            desk: Arc::new(self.desk.clone()),
            environment: Environment::default(),
            clock: Arc::new(self.desk.clone()),
            random: self.manage.random.clone(),
        }
    }

    /// `import_number`, as the operator or an administrator of a tenant.
    async fn import(&self, who: &str, mut body: Value) -> Value {
        body["action"] = "import_number".into();
        let actor = Actor { tenant: tenant(who), admin: who == "operator", tenant_admin: true };
        let request = serde_json::from_value(body).unwrap();
        serde_json::to_value(self.accounts().manage(&actor, &request, None).await.unwrap().answer).unwrap()
    }

    async fn stored(&self, id: NumberId) -> PhoneNumber {
        self.table.store.number(&self.demo, id).await.unwrap().unwrap()
    }

    async fn primaries(&self) -> Vec<String> {
        let numbers = self.table.store.of_tenant(&self.demo).await.unwrap();
        numbers.into_iter().filter(|n| n.is_primary).map(|n| n.phone.expose().to_owned()).collect()
    }

    async fn listed(&self, filter: Filter) -> Vec<String> {
        let page = self.manage.list(&self.demo, &filter, &page(50, None)).await.unwrap();
        page.items.into_iter().map(|number| number.phone.expose().to_owned()).collect()
    }
}

fn refusal(code: &str, status: u16, fields: &[&str]) -> (String, u16, Vec<String>) {
    (code.to_owned(), status, fields.iter().map(|field| (*field).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_assigned_is_stored_in_every_copy_and_taken_away_by_null() {
    let stack = stack().await;
    stack.agent("front").await;
    let own = stack.number(OWN, |_| {}).await;
    let body = json!({ "userId": "u-1", "businessId": "b-1", "agentId": "front", "displayName": " Front desk ",
        "notes": "Line one\nline two", "isActive": false });
    let changed = stack.change(own.id, body.clone()).await.unwrap();
    assert_eq!(changed, stack.stored(own.id).await);
    assert_eq!((changed.display_name.as_str(), changed.is_active), ("Front desk", false));
    assert_eq!(changed.holding.updated_at, Some(at(0)));
    let found = stack.table.store.by_account(&own.account, &own.phone).await.unwrap().unwrap();
    assert_eq!(found, changed, "a webhook sees it too");
    assert_eq!(stack.change(own.id, body).await.unwrap().version, changed.version, "nothing is new");
    let cleared = json!({ "userId": null, "businessId": null, "agentId": null, "notes": null });
    let changed = stack.change(own.id, cleared).await.unwrap();
    assert_eq!((changed.user, changed.agent, changed.holding.business), (None, None, None));
    assert_eq!((changed.holding.notes, changed.display_name.as_str()), (None, "Front desk"));
    // It was imported: nothing is set at the provider.
    assert!(stack.desk.with(|world| world.asked.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_nothing_changes() {
    let stack = stack().await;
    let own = stack.number(OWN, |_| {}).await;
    for (body, code, status, fields) in [
        (json!({}), "VALIDATION_FAILED", 400, &["body"][..]),
        (json!({ "userId": "a b" }), "VALIDATION_FAILED", 400, &["userId"]),
        (json!({ "businessId": "" }), "VALIDATION_FAILED", 400, &["businessId"]),
        (json!({ "displayName": "  " }), "VALIDATION_FAILED", 400, &["displayName"]),
        (json!({ "displayName": "a\nb" }), "VALIDATION_FAILED", 400, &["displayName"]),
        (json!({ "notes": "x".repeat(2_001) }), "VALIDATION_FAILED", 400, &["notes"]),
        (json!({ "agentId": "nobody", "userId": "u-1" }), "AGENT_NOT_FOUND", 422, &["agentId"]),
        (json!({ "agentId": "no such" }), "AGENT_NOT_FOUND", 422, &["agentId"]),
    ] {
        assert_eq!(stack.refused(own.id, body.clone()).await, refusal(code, status, fields), "{body}");
    }
    let nobodys = NumberId::derived(&["nobody"]);
    assert_eq!(stack.refused(nobodys, json!({ "notes": "x" })).await, refusal("NOT_FOUND", 404, &[]));
    assert_eq!(stack.stored(own.id).await, own);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_we_bought_is_pointed_at_us_before_an_agent_gets_it() {
    let stack = stack().await;
    stack.agent("front").await;
    let own = stack
        .number(OWN, |number| {
            number.sid = Some("PN14155550100".parse().unwrap());
            number.holding.mark = Some("tandem:demo:1".into());
        })
        .await;
    stack.desk.with(|world| world.refuses = Some(ErrorKind::Unavailable));
    assert_eq!(
        stack.refused(own.id, json!({ "agentId": "front" })).await,
        refusal("PROVIDER_UNAVAILABLE", 503, &[])
    );
    assert_eq!(stack.stored(own.id).await, own);
    stack.desk.with(|world| (world.refuses, world.asked) = (None, Vec::new()));
    for body in [json!({ "agentId": "front" }), json!({ "agentId": "front", "notes": "again" })] {
        stack.change(own.id, body).await.unwrap();
    }
    stack.change(own.id, json!({ "agentId": null })).await.unwrap();
    let asked = stack.desk.with(|world| world.asked.clone());
    assert_eq!(asked, ["configure PN14155550100 https://phone.example.com tandem:demo:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_has_one_primary_number_whoever_asks_at_once() {
    let stack = stack().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let number = stack.number(&format!("+1415555020{n}"), |_| {}).await;
        ids.push(number.id);
    }
    let rise = || json!({ "isPrimary": true });
    let all = futures_util::future::join_all(ids.iter().map(|id| stack.change(*id, rise()))).await;
    for outcome in &all {
        if let Err(problem) = outcome {
            assert_eq!(problem.code().as_str(), "IN_PROGRESS");
        }
    }
    assert_eq!(stack.primaries().await.len(), 1);
    // One after the other, the last one is it.
    for id in &ids {
        stack.change(*id, rise()).await.unwrap();
        assert_eq!(stack.primaries().await, [stack.stored(*id).await.phone.expose()]);
    }
    // It may be taken away, and given again.
    stack.change(ids[4], json!({ "isPrimary": false })).await.unwrap();
    assert!(stack.primaries().await.is_empty());
    stack.change(ids[0], rise()).await.unwrap();
    // Another business has a primary number of its own, and whoever comes there is none by itself.
    stack.change(ids[1], json!({ "businessId": "b", "isPrimary": true })).await.unwrap();
    assert_eq!(stack.primaries().await.len(), 2);
    let moved = stack.change(ids[0], json!({ "businessId": "b" })).await.unwrap();
    assert!(!moved.is_primary);
    stack.change(ids[2], rise()).await.unwrap();
    let moved = stack.change(ids[2], json!({ "businessId": "b", "isPrimary": true })).await.unwrap();
    assert!(moved.is_primary);
    assert_eq!(stack.primaries().await, [moved.phone.expose()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_number_by_itself_is_not_interfered_with() {
    let stack = stack().await;
    for (n, status, code) in [
        (0, NumberStatus::Moving, "IN_PROGRESS"),
        (1, NumberStatus::Releasing, "IN_PROGRESS"),
        (2, NumberStatus::Released, "NUMBER_UNAVAILABLE"),
    ] {
        let number = stack.number(&format!("+1415555030{n}"), |_| {}).await;
        let after = PhoneNumber { status, ..number.clone() };
        let change = NumberChange { before: number.clone(), after };
        assert!(stack.table.store.change_numbers(&[change]).await.unwrap());
        assert_eq!(stack.refused(number.id, json!({ "notes": "x" })).await, refusal(code, 409, &[]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_listed_by_what_they_are_and_released_ones_on_demand() {
    let stack = stack().await;
    let own = stack.number(OWN, |number| number.user = Some("u-1".parse().unwrap())).await;
    let gone = stack.number("+14155550111", |_| {}).await;
    let after = PhoneNumber { status: NumberStatus::Released, ..gone.clone() };
    assert!(stack.table.store.change_numbers(&[NumberChange { before: gone, after }]).await.unwrap());
    stack
        .number(OTHER, |number| {
            number.provider = ProviderId::Telnyx;
            number.account = "platform-telnyx".parse().unwrap();
            number.holding.business = Some("b-1".parse().unwrap());
            number.agent = Some("front".parse().unwrap());
            number.status = NumberStatus::Suspended;
        })
        .await;
    let listed = stack.listed(Filter::default()).await;
    assert_eq!((listed.len(), listed.contains(&"+14155550111".to_owned())), (2, false));
    let released = Some(NumberStatus::Released);
    let phone = |phone: &str| Some(phone.parse().unwrap());
    for (filter, wanted) in [
        (Filter { status: released, ..Filter::default() }, &["+14155550111"][..]),
        (Filter { status: released, phone: phone("+14155550111"), ..Filter::default() }, &["+14155550111"]),
        (Filter { phone: phone("+14155550111"), ..Filter::default() }, &[]),
        (Filter { phone: phone(OWN), ..Filter::default() }, &[OWN]),
        (Filter { phone: phone(OWN), user: "u-2".parse().ok(), ..Filter::default() }, &[]),
        (Filter { status: Some(NumberStatus::Suspended), ..Filter::default() }, &[OTHER]),
        (Filter { provider: Some(ProviderId::Telnyx), ..Filter::default() }, &[OTHER]),
        (Filter { business: "b-1".parse().ok(), ..Filter::default() }, &[OTHER]),
        (Filter { agent: "front".parse().ok(), ..Filter::default() }, &[OTHER]),
        (Filter { user: "u-1".parse().ok(), ..Filter::default() }, &[OWN]),
        (Filter { user: "u-1".parse().ok(), agent: "front".parse().ok(), ..Filter::default() }, &[]),
    ] {
        assert_eq!(stack.listed(filter.clone()).await, wanted, "{filter:?}");
    }
    assert_eq!(stack.stored(own.id).await.user, own.user);
    // Every number once, over pages of one.
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let got = stack.manage.list(&stack.demo, &Filter::default(), &page(1, cursor)).await.unwrap();
        seen.extend(got.items.into_iter().map(|number| number.phone.expose().to_owned()));
        cursor = got.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, listed);
}

fn entry(phone: &str, account: &str) -> NumberEntryRequest {
    serde_json::from_value(
        json!({ "phoneNumber": phone, "providerAccountId": account, "displayName": "Old line" }),
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_entered_waits_for_the_proof_of_its_account() {
    let stack = stack().await;
    let book = crate::accounts::book(&stack.table);
    let own = record(of("demo"), "own", "ACown", "t-own");
    book.add(&stack.demo, &own, None, at(0)).await.unwrap();
    let request = NumberEntryRequest { number_type: Some("vanity".into()), ..entry("(415) 555-0100", "own") };
    let entered = stack.manage.enter(&stack.demo, false, &request).await.unwrap();
    assert_eq!((entered.status, entered.phone.expose()), (NumberStatus::Pending, OWN));
    assert_eq!((entered.kind_word(), entered.holding.country.as_deref()), (Some("vanity"), Some("US")));
    assert_eq!(
        stack.table.store.by_account(&entered.account, &entered.phone).await.unwrap(),
        None,
        "no route"
    );
    let again = stack.manage.enter(&stack.demo, false, &entry(OWN, "own")).await.unwrap_err();
    assert_eq!((again.code().as_str().as_ref(), again.status()), ("NUMBER_UNAVAILABLE", 409));
    // Another tenant's entry of the same number is as good as this one, until one of them is proven.
    let rival = tenant("rival");
    book.add(&rival, &record(of("rival"), "theirs", "ACtheirs", "t"), None, at(0)).await.unwrap();
    let theirs = stack.manage.enter(&rival, false, &entry(OWN, "theirs")).await.unwrap();
    assert_eq!(theirs.status, NumberStatus::Pending);

    stack.desk.with(|world| world.held = vec![OWN.into()]);
    let imported = stack.import("demo", json!({ "provider_id": "own", "number": OWN })).await;
    assert_eq!(imported["number"]["id"], entered.id.to_string());
    let active = stack.stored(entered.id).await;
    assert_eq!((active.status, active.own_account, active.sms), (NumberStatus::Active, true, true));
    assert_eq!(active.sid.unwrap().as_str(), "PN14155550100");
    assert!(stack.table.store.by_account(&entered.account, &entered.phone).await.unwrap().is_some());

    // What the account holds when it is entered is active at once.
    stack.desk.with(|world| world.held = vec![OTHER.into()]);
    let at_once = stack.manage.enter(&stack.demo, false, &entry(OTHER, "own")).await.unwrap();
    assert_eq!((at_once.status, at_once.version), (NumberStatus::Active, 1));
    assert_eq!(stack.stored(at_once.id).await, at_once);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platforms_numbers_are_not_had_by_naming_them() {
    let stack = stack().await;
    stack.desk.with(|world| world.held = vec![OWN.into()]);
    stack.import("operator", json!({ "provider_id": "platform-twilio", "number": OWN })).await;
    let platform: AccountId = "platform-twilio".parse().unwrap();
    let in_stock =
        async || stack.table.store.in_stock(&platform, &OWN.parse().unwrap()).await.unwrap().is_some();
    let refused = stack.manage.enter(&stack.demo, false, &entry(OWN, "platform-twilio")).await.unwrap_err();
    assert_eq!((refused.code().as_str().as_ref(), refused.status()), ("FORBIDDEN", 403));
    assert!(in_stock().await && stack.table.store.of_tenant(&stack.demo).await.unwrap().is_empty());
    let given = stack.manage.enter(&stack.demo, true, &entry(OWN, "platform-twilio")).await.unwrap();
    assert_eq!((given.status, given.own_account), (NumberStatus::Active, false));
    assert!(!in_stock().await, "it has left the stock");
    for (body, code, field) in [
        (entry("555", "platform-twilio"), "INVALID_NUMBER", "phoneNumber"),
        (entry(OTHER, "nobody"), "PROVIDER_NOT_FOUND", "providerAccountId"),
        (entry(OTHER, "no such"), "PROVIDER_NOT_FOUND", "providerAccountId"),
        (
            NumberEntryRequest { number_type: Some("pager".into()), ..entry(OTHER, "x") },
            "VALIDATION_FAILED",
            "numberType",
        ),
        (
            NumberEntryRequest { display_name: String::new(), ..entry(OTHER, "x") },
            "VALIDATION_FAILED",
            "displayName",
        ),
    ] {
        let problem = stack.manage.enter(&stack.demo, true, &body).await.unwrap_err();
        assert_eq!((problem.code().as_str().as_ref(), problem.errors()[0].field.as_str()), (code, field));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_through_an_account_below_the_platforms_is_charged() {
    let stack = stack().await;
    let book = crate::accounts::book(&stack.table);
    for (id, parent) in [("below-platform", "platform-twilio"), ("below-own", "own")] {
        let mut account = record(of("demo"), id, &format!("AC{id}"), "token");
        account.parent = parent.parse().ok();
        book.add(&stack.demo, &account, None, at(0)).await.unwrap();
    }
    stack.desk.with(|world| world.held = vec![OWN.into(), OTHER.into()]);
    for (phone, account, own) in [(OWN, "below-platform", false), (OTHER, "below-own", true)] {
        stack.import("demo", json!({ "provider_id": account, "number": phone })).await;
        let stored =
            stack.table.store.by_tenant(&stack.demo, &phone.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((stored.own_account, stored.holding.kind), (own, Some(NumberKind::Local)), "{account}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_carries_a_numbers_calls_is_in_use() {
    let stack = stack().await;
    let book = crate::accounts::book(&stack.table);
    let mut retell = record(of("demo"), "agents", "ACr", "token");
    retell.provider = ProviderId::Retell;
    book.add(&stack.demo, &retell, None, at(0)).await.unwrap();
    let own = stack.number(OWN, |_| {}).await;
    stack.desk.with(|world| world.held = vec![OWN.into()]);
    for _ in 0..2 {
        stack.import("demo", json!({ "provider_id": "agents", "number": OWN })).await;
    }
    let bound = stack.stored(own.id).await;
    assert_eq!((bound.version, bound.voice_via.as_ref().unwrap().account.as_str()), (1, "agents"));
    let via = bound.voice_via.unwrap().account;
    assert!(stack.table.store.by_account(&via, &own.phone).await.unwrap().is_some());
    let through = stack.table.store.assigned(&via, &page(10, None)).await.unwrap().items;
    assert_eq!(through, [own.phone]);
    let actor = Actor { tenant: stack.demo.clone(), admin: false, tenant_admin: true };
    let body = json!({ "action": "delete_provider", "provider_id": "agents" });
    let refused = stack.accounts().manage(&actor, &serde_json::from_value(body).unwrap(), None).await;
    assert_eq!(refused.unwrap_err().code().as_str(), "PROVIDER_IN_USE");
}
