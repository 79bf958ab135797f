//! What is left alone, what is only reported, and what happens when providers fail.

use serde_json::{Value, json};
use telephony::api::repair::{DriftBody, RepairRequest};
use telephony::domain::number::{PhoneNumber, VoiceBinding};
use telephony::ports::Numbers as _;
use telephony::provider::ProviderId::{self, Retell, SignalWire, Telnyx, Twilio};

use crate::harness::ACCOUNT;
use crate::kinds::KINDS;
use crate::world::{MARK, ORG, OURS, OWN_ACCOUNT, RETELL_KEY, World, number, ours};

fn told(drifts: &[DriftBody]) -> Vec<(&str, &str, bool, bool)> {
    drifts.iter().map(|d| (d.field, d.reason, d.repairable, d.repaired)).collect()
}

async fn twilio_number(world: &World, phone: &str, pairs: &[(&str, &str)]) {
    let sid = world.number(phone).await["sid"].as_str().unwrap().to_owned();
    let path = format!("/twilio/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/{sid}.json");
    world.twilio_form(&path, ACCOUNT, pairs).await;
}

async fn seed(world: &World, provider: ProviderId, field: &str) {
    KINDS.iter().find(|kind| (kind.provider, kind.field) == (provider, field)).unwrap().seed(world).await;
}

/// A tenant's own account: what was imported is reported, what is marked is repaired, and the platform's are
/// another list.
#[tokio::test(flavor = "multi_thread")]
async fn an_imported_number_of_a_tenants_own_account_is_only_reported() {
    let world = World::new().await;
    let (imported, bought, foreign) = ("+14155550601", "+14155550602", "+14155550603");
    let recorded = "+14155550604";
    for phone in [imported, bought, foreign, recorded] {
        let new =
            json!({"account": OWN_ACCOUNT, "phone_number": phone, "sms_url": "https://their.example/sms"});
        world.plant(Twilio, new).await;
        let mut own = PhoneNumber { own_account: true, ..number(Twilio, "own-twilio", phone) };
        // Bought here, and renamed at the provider since.
        own.holding.mark = (phone == recorded).then(|| MARK.to_owned());
        assert!(world.table.store.put(&own).await.unwrap());
    }
    for (phone, mark) in [(bought, MARK), (foreign, "tandem:another:01JDEM00000000000000000001")] {
        world.configure("own-twilio", phone, Some(mark)).await;
        let sid = world.number(phone).await["sid"].as_str().unwrap().to_owned();
        let path = format!("/twilio/2010-04-01/Accounts/{OWN_ACCOUNT}/IncomingPhoneNumbers/{sid}.json");
        world.twilio_form(&path, OWN_ACCOUNT, &[("SmsUrl", "https://their.example/sms")]).await;
    }
    let before = world.number(imported).await;
    let request = RepairRequest { tenant_id: Some("acme".into()), ..RepairRequest::default() };
    let answer = world.ask(request.clone()).await.unwrap();
    assert_eq!((answer.checked, answer.unmanaged), (4, 0));
    let of = |phone: &str| {
        let of_number: Vec<_> =
            answer.drifted.iter().filter(|d| d.phone_number.as_deref() == Some(phone)).cloned().collect();
        of_number
    };
    assert!(of(imported).iter().all(|drift| !drift.repairable && !drift.repaired));
    assert_eq!(told(&of(imported))[0], ("sms_url", "foreign_host", false, false));
    assert_eq!(told(&of(bought)), [("sms_url", "foreign_host", true, true)]);
    assert!(of(recorded).iter().all(|drift| drift.repaired) && !of(recorded).is_empty());
    assert_eq!(told(&of(foreign)), [("sms_url", "foreign_host", false, false)]);
    assert_eq!(world.number(imported).await, before, "untouched");
    assert_eq!(world.run(true).await.checked, OURS, "the platform's own");
    let of_nobody = RepairRequest { tenant_id: Some("rival".into()), ..request };
    assert_eq!(world.ask(of_nobody).await.unwrap(), telephony::api::repair::RepairAnswer::default());
}

/// Calls that a trunk leads to Retell: what the trunk sets at the provider of the texts is no drift, and at Retell
/// the number is ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_to_another_provider_is_no_drift() {
    let world = World::new().await;
    for provider in [Twilio, Telnyx] {
        let phone = ours(provider, 2);
        world.plant(Retell, json!({"account": "org_1", "phone_number": phone})).await;
        let account = format!("platform-{provider}");
        let via = VoiceBinding { provider: Retell, account: "platform-retell".parse().unwrap(), sid: None };
        let bound = PhoneNumber { voice_via: Some(via), ..number(provider, &account, &phone) };
        assert!(world.table.store.put(&bound).await.unwrap());
    }
    twilio_number(
        &world,
        &ours(Twilio, 2),
        &[("TrunkSid", "TKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), ("VoiceUrl", "")],
    )
    .await;
    seed(&world, Telnyx, "connection_id").await;
    let answer = world.run(false).await;
    let found: Vec<_> =
        answer.drifted.iter().map(|d| (d.provider, d.phone_number.clone().unwrap(), d.field)).collect();
    let lookup = |provider| ("retell", ours(provider, 2), "inbound_webhook_url");
    assert_eq!(found, [lookup(Twilio), lookup(Telnyx)]);
    assert!(answer.drifted.iter().all(|drift| drift.repaired));
    // Its texts are still ours at the other provider.
    twilio_number(&world, &ours(Twilio, 2), &[("SmsUrl", "https://demo.twilio.com/welcome/sms/reply/")])
        .await;
    assert_eq!(told(&world.run(false).await.drifted), [("sms_url", "demo", true, true)]);
    assert_eq!(world.number(&ours(Twilio, 2)).await["settings"]["TrunkSid"].as_str().map(str::len), Some(34));
}

/// A channel that a number does not carry has no settings that matter.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_a_number_does_not_carry_is_not_compared() {
    let world = World::new().await;
    let silent =
        PhoneNumber { sms: false, mms: false, ..number(Telnyx, "platform-telnyx", &ours(Telnyx, 2)) };
    assert!(world.table.store.put(&silent).await.unwrap());
    seed(&world, Telnyx, "messaging_profile_id").await;
    assert_eq!(world.run(false).await.drifted, []);
}

/// What only the provider changes is reported, and repeated runs do not write it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_in_service_is_reported() {
    let world = World::new().await;
    let (sid, phone) = ("1293384261075731499", ours(Telnyx, 2));
    let gone_quiet = json!({"account": ORG, "phone_number": phone, "sid": sid, "status": "requirement-info-pending",
        "messaging_profile_id": world.profile, "connection_id": world.application});
    world.plant(Telnyx, gone_quiet).await;
    let before = world.writes().await;
    let answer = world.run(false).await;
    assert_eq!(told(&answer.drifted), [("status", "differs", false, false)]);
    assert_eq!(answer.drifted[0].found.as_deref(), Some("requirement-info-pending"));
    assert_eq!(world.writes().await, before);
}

/// Somebody deleted the profile: that is not ours to make up.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_settings_name_and_is_not_there_is_reported() {
    let world = World::new().await;
    world.at_telnyx("DELETE", &format!("messaging_profiles/{}", world.profile), Value::Null).await;
    let answer = world.run(false).await;
    assert_eq!(told(&answer.drifted)[0], ("id", "missing", false, false));
    assert_eq!(answer.drifted[0].resource.kind, "messaging_profile");
    // The numbers have lost it as well; each refusal is its own, and the others are gone on with.
    assert_eq!(answer.drifted.len(), 4);
    assert!(answer.drifted[1..].iter().all(|d| d.field == "messaging_profile_id" && !d.repaired));
    assert_eq!((answer.checked, answer.unavailable.len()), (OURS, 0));
}

/// An agent that answers a stranger's number too is not ours alone; one that only strangers use is nobody's business.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_others_use_too_is_only_reported() {
    let world = World::new().await;
    let stranger = ours(Retell, 7);
    world.at_retell(&stranger, json!({"outbound_agents": [{"agent_id": world.agent, "weight": 1}]})).await;
    seed(&world, Retell, "webhook_url").await;
    let before = world.everything().await;
    let answer = world.run(false).await;
    assert_eq!(told(&answer.drifted), [("webhook_url", "foreign_host", false, false)]);
    assert_eq!(world.everything().await, before);
    for n in 1..=3 {
        world.at_retell(&ours(Retell, n), json!({"inbound_agents": []})).await;
    }
    assert_eq!(world.run(false).await.drifted, []);
    // Without a URL of its own an agent reports to the account's, which nobody can read.
    world.at_retell(&stranger, json!({"outbound_agents": []})).await;
    world
        .at_retell(&ours(Retell, 1), json!({"inbound_agents": [{"agent_id": world.agent, "weight": 1}]}))
        .await;
    let path = format!("/retell/update-agent/{}", world.agent);
    world.simulator.call(RETELL_KEY, "PATCH", &path, json!({"webhook_url": null})).await;
    assert_eq!(world.run(false).await.drifted, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_that_fails_does_not_fail_the_others() {
    let world = World::new().await;
    for (provider, field) in [(Twilio, "sms_url"), (SignalWire, "sms_url"), (Telnyx, "enabled")] {
        seed(&world, provider, field).await;
    }
    world.simulator.fault("numbers.list", "status_5xx", json!({"provider": "signalwire", "times": 0})).await;
    let answer = world.run(false).await;
    let unavailable: Vec<_> = answer
        .unavailable
        .iter()
        .map(|u| (u.provider, u.provider_account_id.as_str(), u.code.as_str()))
        .collect();
    assert_eq!(unavailable, [("signalwire", "platform-signalwire", "PROVIDER_UNAVAILABLE")]);
    assert_eq!(answer.drifted.iter().map(|d| d.provider).collect::<Vec<_>>(), ["telnyx", "twilio"]);
    assert!(answer.drifted.iter().all(|drift| drift.repaired) && answer.next_cursor.is_none());
    world.simulator.control("DELETE", "/faults", Value::Null).await;
    assert_eq!(told(&world.run(false).await.drifted), [("sms_url", "missing", true, true)]);
}

/// A write whose answer was lost is looked at again, and one that was refused stops nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn repaired_is_what_was_read_again() {
    let world = World::new().await;
    for (fault, more, repaired, unavailable) in [
        ("accept_then_close", json!({}), true, 0),
        ("accept_then_5xx", json!({}), true, 0),
        ("garbage_200", json!({}), true, 0),
        ("error", json!({"params": {"status": 400, "code": 21402, "message": "no"}}), false, 0),
        ("status_429", json!({}), false, 1),
    ] {
        seed(&world, Twilio, "sms_url").await;
        let mut more = more;
        more["provider"] = json!("twilio");
        more["times"] = json!(1);
        world.simulator.fault("numbers.update", fault, more).await;
        let answer = world.run(false).await;
        assert_eq!(told(&answer.drifted), [("sms_url", "missing", true, repaired)], "{fault}");
        assert_eq!(answer.unavailable.len(), unavailable, "{fault}");
        world.simulator.control("DELETE", "/faults", Value::Null).await;
        assert_eq!(told(&world.run(false).await.drifted).len(), usize::from(!repaired), "{fault}");
    }
}

/// Keys that may not read regions can still do everything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_may_not_be_read_is_not_compared() {
    let world = World::new().await;
    seed(&world, Twilio, "voice_region").await;
    seed(&world, Twilio, "sms_url").await;
    let refused =
        json!({"provider": "twilio", "times": 0, "params": {"status": 403, "code": 20003, "message": "no"}});
    world.simulator.fault("regions.fetch", "error", refused).await;
    let answer = world.run(false).await;
    assert_eq!(told(&answer.drifted), [("sms_url", "missing", true, true)]);
    assert_eq!((answer.checked, answer.unavailable.len()), (OURS, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_names_its_member() {
    let world = World::new().await;
    world.clock.step.store(21, std::sync::atomic::Ordering::SeqCst);
    let good = world.ask(RepairRequest { dry_run: Some(true), ..RepairRequest::default() }).await.unwrap();
    let cursor = good.next_cursor.unwrap();
    let twilio = |page: &str| {
        use base64::Engine as _;
        let text =
            json!({"q": "|twilio|false", "a": "platform-twilio", "p": {"n": [page, null]}}).to_string();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    let request = RepairRequest::default();
    for (request, field) in [
        (RepairRequest { provider: Some("pigeon".into()), ..request.clone() }, "provider"),
        (RepairRequest { tenant_id: Some("a b".into()), ..request.clone() }, "tenantId"),
        (RepairRequest { cursor: Some("x".into()), ..request.clone() }, "cursor"),
        (RepairRequest { cursor: Some("x".repeat(5000)), ..request.clone() }, "cursor"),
        // A cursor of a dry run, and one of a page that is not the provider's.
        (RepairRequest { cursor: Some(cursor.clone()), ..request.clone() }, "cursor"),
        (
            RepairRequest {
                provider: Some("twilio".into()),
                cursor: Some(twilio("https://evil.example/")),
                ..request.clone()
            },
            "cursor",
        ),
    ] {
        let problem = world.ask(request.clone()).await.unwrap_err();
        assert_eq!((problem.status(), problem.code().as_str().as_ref()), (400, "VALIDATION_FAILED"));
        assert_eq!(problem.errors()[0].field, field, "{request:?}");
    }
    let of_nobody = RepairRequest {
        provider: Some("telnyx".into()),
        tenant_id: Some("acme".into()),
        ..RepairRequest::default()
    };
    assert_eq!(world.ask(of_nobody).await.unwrap_err().code().as_str(), "TELNYX_NOT_CONFIGURED");
}
