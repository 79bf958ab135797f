use proptest::prelude::*;

use super::{Change, complete, masked};
use crate::api::provider_management::ConfigBody;
use crate::domain::account::{AccountRecord, Owner};
use crate::provider::account::AccountConfig;
use crate::provider::registry::Setting;
use crate::provider::{Environment, ProviderId};

const SETTINGS: &[Setting] = &[
    Setting {
        name: "account_sid",
        secret: false,
        required: true,
        is_valid: |text| text.starts_with("AC"),
        expected: "an account's SID",
    },
    Setting { name: "auth_token", secret: true, required: true, is_valid: |_| true, expected: "a token" },
];

fn parsed(body: &str) -> ConfigBody {
    serde_json::from_str(body).unwrap()
}

fn read(body: &str, local: bool, adding: bool) -> Result<Change, Vec<(String, String)>> {
    let body = parsed(body);
    let origins = vec!["http://10.0.0.1:4000".to_owned()];
    let environment = Environment { local, local_origins: origins };
    Change::read(&body, SETTINGS, &environment, adding).map_err(|problem| {
        problem.errors().iter().map(|error| (error.field.clone(), error.message.clone())).collect()
    })
}

#[test]
fn every_wrong_member_is_named() {
    for (body, field) in [
        (r#"{"token": "x"}"#, "config.token"),
        (r#"{"account_sid": "XX"}"#, "config.account_sid"),
        (r#"{"account_sid": 5}"#, "config.account_sid"),
        (r#"{"priority": 0}"#, "config.priority"),
        (r#"{"priority": "5"}"#, "config.priority"),
        (r#"{"priority": 1001}"#, "config.priority"),
        (r#"{"active": "yes"}"#, "config.active"),
        (r#"{"active": null}"#, "config.active"),
        (r#"{"display_name": 5}"#, "config.display_name"),
        (r#"{"display_name": "a\nb"}"#, "config.display_name"),
        (r#"{"certificate_id": "c"}"#, "config.certificate_id"),
        (r#"{"subaccount_of": "x"}"#, "config.subaccount_of"),
        (r#"{"api_base": "http://127.0.0.1:4000"}"#, "config.api_base"),
    ] {
        let wrong = read(body, false, false).unwrap_err();
        assert_eq!((wrong.len(), wrong[0].0.as_str()), (1, field), "{body}");
    }
    let long = format!(r#"{{"display_name": "{}"}}"#, "x".repeat(101));
    assert!(read(&long, false, false).is_err());
    assert_eq!(read(r#"{"a": 1, "b": 2}"#, false, false).unwrap_err().len(), 2);
}

#[test]
fn another_base_is_for_this_machine_only() {
    for good in
        ["http://127.0.0.1:4000", "http://localhost:4000/x", "http://[::1]:1", "http://10.0.0.1:4000", ""]
    {
        assert!(read(&format!(r#"{{"api_base": "{good}"}}"#), true, false).is_ok(), "{good}");
    }
    for bad in [
        "http://10.0.0.2:4000",
        "https://api.twilio.com.evil.example",
        "http://127.0.0.1@evil.example",
        "http://u:p@127.0.0.1",
        "http://localhost.evil.example",
        "ftp://127.0.0.1",
        "127.0.0.1:4000",
    ] {
        assert!(read(&format!(r#"{{"api_base": "{bad}"}}"#), true, false).is_err(), "{bad}");
    }
}

#[test]
fn an_empty_text_takes_away_and_hides_what_was_deployed() {
    let change = read(r#"{"auth_token": "", "display_name": null, "priority": 7}"#, false, false).unwrap();
    let mut account = AccountRecord::new("a".parse().unwrap(), ProviderId::Twilio, Owner::Platform);
    account.display_name = Some("Old".into());
    account.own.set("auth_token", crate::domain::secret::Secret::new("t"));
    let after = change.onto(&account);
    assert_eq!((after.display_name.clone(), after.priority, after.own.is_empty()), (None, 7, true));
    account.deployed = Some(AccountConfig::from([("auth_token", "deployed")]));
    let after = change.onto(&account);
    assert!(after.config().get("auth_token").is_none());
    let missing = complete(&after.config(), SETTINGS).unwrap_err();
    let fields: Vec<_> = missing.errors().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["config.account_sid", "config.auth_token"]);
}

#[test]
fn a_members_second_value_is_refused_and_nothing_is_printed() {
    assert!(serde_json::from_str::<ConfigBody>(r#"{"a": "1", "a": "2"}"#).is_err());
    let body: ConfigBody = serde_json::from_str(r#"{"auth_token": "hunter2"}"#).unwrap();
    assert!(!format!("{body:?}").contains("hunter2"));
}

proptest! {
    /// At most the last four characters come out, and they are never a quarter of it.
    #[test]
    fn a_masked_secret_says_little(secret in "\\PC{0,80}") {
        let shown = masked(&secret);
        let tail = shown.strip_prefix('…').unwrap();
        prop_assert!(tail.chars().count() <= 4 && secret.ends_with(tail));
        prop_assert!(tail.is_empty() || secret.chars().count() >= 16);
    }
}
