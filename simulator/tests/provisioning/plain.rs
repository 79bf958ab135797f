//! Subscriptions, one after the other.

use serde_json::json;
use telephony::api::subscription::SubscriptionRequest;
use telephony::domain::money::Micros;
use telephony::domain::spending::SpendCap;
use telephony::ports::{Inventory, NumberChange, Wallets};
use telephony::provider::ProviderId;

use crate::law::{End, broken};
use crate::world::{CHARGE, DEPOSIT, World, providers};

impl World {
    async fn given(&self, request: &SubscriptionRequest) -> Result<serde_json::Value, (String, String)> {
        let user = "admin".parse().unwrap();
        match self.process.subscriptions.provision(&self.tenant, &user, request).await {
            Ok(done) => Ok(json!({
                "body": serde_json::to_value(&done.body).unwrap(), "replayed": done.replayed,
                "pending": done.pending,
            })),
            Err(problem) => Err((
                problem.code().to_string(),
                problem.errors().first().map(|error| error.field.clone()).unwrap_or_default(),
            )),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_has_an_account_and_a_number_of_its_own() {
    let simulator = providers().await;
    for provider in [ProviderId::Twilio, ProviderId::SignalWire] {
        let world = World::new(&simulator, provider, &[]).await;
        let first = world.given(&world.request()).await.unwrap();
        assert_eq!((&first["replayed"], &first["pending"]), (&json!(false), &json!(false)), "{first}");
        let body = &first["body"];
        assert_eq!(
            (&body["status"], &body["step"], &body["problem"]),
            (&json!("active"), &json!(null), &json!(null))
        );
        assert!(body["phoneNumber"].as_str().unwrap().starts_with("+1415"), "{body}");
        assert_eq!((&body["webhooks"], &body["userId"]), (&json!("ready"), &json!("u-1")));
        let again = world.given(&world.request()).await.unwrap();
        assert_eq!((&again["replayed"], &again["body"]), (&json!(true), body));
        let other = SubscriptionRequest { plan: Some("gold".into()), ..world.request() };
        assert_eq!(world.given(&other).await.unwrap_err().0, "IDEMPOTENCY_MISMATCH");
        assert_eq!(broken(&world, End::Active).await, Vec::<String>::new());

        // It is the tenant's primary number by now, which stops nobody.
        let number = world.numbers().await.remove(0);
        let mut after = number.clone();
        after.is_primary = true;
        assert!(world.table.store.change_numbers(&[NumberChange { before: number, after }]).await.unwrap());
        for _ in 0..2 {
            world.cancel(&world.process).await.unwrap();
            assert!(world.settle().await);
            assert_eq!(broken(&world, End::Canceled).await, Vec::<String>::new());
        }
        let after = world.given(&world.request()).await.unwrap();
        assert_eq!(after["body"]["status"], "canceled", "one name, one life");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_telnyx_the_account_gets_what_its_numbers_share_and_waits_for_its_key() {
    let simulator = providers().await;
    let world = World::new(&simulator, ProviderId::Telnyx, &[]).await;
    let asked = world.given(&world.request()).await.unwrap();
    assert_eq!(
        (&asked["pending"], &asked["body"]["status"]),
        (&json!(true), &json!("pending")),
        "an order takes time"
    );
    assert!(world.settle().await);
    assert_eq!(broken(&world, End::Active).await, Vec::<String>::new());
    let config = world.account().await.unwrap().config();
    assert!(config.get("connection_id").is_some() && config.get("messaging_profile_id").is_some());
    assert_eq!(world.given(&world.request()).await.unwrap()["body"]["webhooks"], "unverifiable");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_get_one() {
    let simulator = providers().await;
    let world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    let processes: Vec<_> = (0..8).map(|_| world.undisturbed()).collect();
    let asked = futures_util::future::join_all(processes.iter().map(|process| world.ask(process))).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert!(world.settle().await);
    assert_eq!(broken(&world, End::Active).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_included_costs_the_tenant_nothing() {
    let simulator = providers().await;
    let world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    // No number has this area code: it is one of anywhere.
    let request = SubscriptionRequest {
        billing: Some("included".into()),
        area_code: Some("907".into()),
        ..world.request()
    };
    let asked = world.given(&request).await.unwrap();
    assert_eq!(asked["body"]["status"], "active", "{asked}");
    let number = world.numbers().await.remove(0);
    assert!(!number.phone.expose().starts_with("+1907") && !number.own_account);
    assert_eq!((number.holding.monthly_charge, number.holding.rent), (None, None));
    assert_eq!(world.table.store.wallet(&world.tenant).await.unwrap().balance, Micros::new(DEPOSIT));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_paid_waits_for_money() {
    let simulator = providers().await;
    let mut world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    world.tenant = "poor".parse().unwrap();
    let asked = world.given(&world.request()).await.unwrap();
    assert_eq!(
        (&asked["pending"], &asked["body"]["problem"]["code"]),
        (&json!(true), &json!("INSUFFICIENT_BALANCE"))
    );
    assert!(asked["body"]["nextAt"].is_string() && asked["body"]["step"] == "buying", "{asked}");
    let at = telephony::ports::Clock::now(world.clock.as_ref());
    world.table.store.deposit(&world.tenant, Micros::new(DEPOSIT), "late", at).await.unwrap();
    assert!(world.settle().await);
    assert_eq!(broken(&world, End::Active).await, Vec::<String>::new());
    assert_eq!(DEPOSIT - CHARGE, world.table.store.wallet(&world.tenant).await.unwrap().balance.get());
}

/// The cap holds for a number that the tenant's wallet pays, and not for one that is included.
#[tokio::test(flavor = "multi_thread")]
async fn what_would_pass_the_tenants_cap_waits_for_room() {
    let simulator = providers().await;
    let world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    let cap = |daily: Option<i64>| SpendCap { daily: daily.map(Micros::new), monthly: None };
    world.table.store.set_spend_cap(&world.tenant, &cap(Some(CHARGE - 1))).await.unwrap();
    let asked = world.given(&world.request()).await.unwrap();
    let problem = (&asked["pending"], &asked["body"]["problem"]["code"]);
    assert_eq!(problem, (&json!(true), &json!("SPEND_CAP_REACHED")), "{asked}");
    assert_eq!(world.table.store.wallet(&world.tenant).await.unwrap().available.get(), DEPOSIT);
    world.table.store.set_spend_cap(&world.tenant, &cap(Some(CHARGE))).await.unwrap();
    assert!(world.settle().await);
    assert_eq!(broken(&world, End::Active).await, Vec::<String>::new());

    let world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    world.table.store.set_spend_cap(&world.tenant, &cap(Some(0))).await.unwrap();
    let included = SubscriptionRequest { billing: Some("included".into()), ..world.request() };
    assert_eq!(world.given(&included).await.unwrap()["body"]["status"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_gone_makes_room_for_the_next() {
    let simulator = providers().await;
    let world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    // Whatever is offered first has been taken by somebody else when it is ordered.
    for line in 0..4 {
        let phone = format!("/inventory/%2B1415555010{line}");
        simulator.control("POST", &phone, json!({"snatched": true})).await;
    }
    let asked = world.given(&world.request()).await.unwrap();
    assert!(world.settle().await, "{asked}");
    assert_eq!(broken(&world, End::Active).await, Vec::<String>::new());
    assert!(!world.stored().await.unwrap().tried.is_empty(), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_nothing_is_begun() {
    let simulator = providers().await;
    let world = World::new(&simulator, ProviderId::Twilio, &[]).await;
    let given = |change: fn(&mut SubscriptionRequest)| {
        let mut request = world.request();
        change(&mut request);
        request
    };
    for (request, code, field) in [
        (given(|r| r.subscription_id = "a b".into()), "VALIDATION_FAILED", "subscriptionId"),
        (given(|r| r.user_id = String::new()), "VALIDATION_FAILED", "userId"),
        (given(|r| r.plan = Some("x".repeat(101))), "VALIDATION_FAILED", "plan"),
        (given(|r| r.area_code = Some("041".into())), "VALIDATION_FAILED", "areaCode"),
        (given(|r| r.billing = Some("card".into())), "VALIDATION_FAILED", "billing"),
        (given(|r| r.provider = Some("vonage".into())), "VALIDATION_FAILED", "provider"),
        (given(|r| r.provider = Some("retell".into())), "CAPABILITY_MISSING", "provider"),
    ] {
        assert_eq!(world.given(&request).await.unwrap_err(), (code.to_owned(), field.to_owned()));
    }
    assert!(world.stored().await.is_none());
    let missing = world.cancel(&world.process).await.unwrap_err();
    assert_eq!((missing.status(), missing.code().as_str().as_ref()), (404, "NOT_FOUND"));
}
