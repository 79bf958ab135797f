use super::read;

const SECRET: &str = r#"{"accounts": [
    {"id": "platform-twilio", "provider": "twilio", "config": {"account_sid": "AC1", "auth_token": "t"}},
    {"id": "platform-signalwire", "provider": "signalwire", "config": {"project_id": "", "token": ""}},
    {"id": "later", "provider": "carrier-pigeon", "config": {"token": "t"}},
    {"id": "no good", "provider": "twilio", "config": {"auth_token": "t"}},
    {"id": "platform-twilio", "provider": "twilio", "config": {"account_sid": "AC3", "auth_token": "t"}},
    {"id": "acme", "provider": "twilio", "tenant": "acme", "config": {"account_sid": "AC2", "auth_token": "t"}}
]}"#;

#[test]
fn only_usable_accounts_are_read() {
    let ids: Vec<String> = read(SECRET).unwrap().iter().map(|account| account.id.to_string()).collect();
    assert_eq!(ids, ["platform-twilio", "acme"]);
    for broken in ["", "{}", "[]", r#"{"accounts": {}}"#] {
        assert!(read(broken).is_err(), "{broken:?}");
    }
}
