//! Where attachments may be fetched, and with what.

use telephony::provider::account::ProviderAccount;
use telephony::provider::error::ErrorKind;
use telephony::provider::{Environment, registry};
use telephony_testkit::webhooks::{SIGNALWIRE, TWILIO};

const TWILIO_PATH: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages/\
    MM00000000000000000000000000000007/Media/ME00000000000000000000000000000008";
const SIGNALWIRE_PATH: &str = "/api/laml/2010-04-01/Accounts/00000000-0000-4000-8000-000000000001/Messages/\
    10000000-0000-4000-8000-000000000007/Media/20000000-0000-4000-8000-000000000008";

fn check(account: &ProviderAccount, local: bool, url: &str, expected: Option<bool>) {
    let environment = Environment { local, ..Environment::default() };
    let media = registry::media(account.provider).unwrap()(account, &environment).unwrap();
    match (media.media_request(url), expected) {
        (Ok(request), Some(authorized)) => {
            assert_eq!(request.authorization.is_some(), authorized, "{url}");
            assert_eq!(request.url.as_str(), url);
        }
        (Err(error), None) => assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}"),
        (got, expected) => panic!("{url}: {got:?}, expected {expected:?}"),
    }
}

/// Spellings that lead elsewhere or mean something else, of a good URL.
fn traps(good: &str) -> Vec<String> {
    vec![
        String::new(),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        good.replace("https", "http"),
        good.replace("https://", "https://user:pass@"),
        good.replace("https://", "https://evil.example/"),
        good.replace("https://", "https://evil.example#"),
        good.replace(".com/", ".com:444/"),
        good.replace(".com/", ".com.evil.example/"),
        good.replace(".com/", ".com@evil.example/"),
        good.replace("https://", "https://evil.example\\"),
    ]
}

#[test]
fn twilio() {
    let account = TWILIO.account();
    let good = format!("https://api.twilio.com{TWILIO_PATH}");
    check(&account, false, &good, Some(true));
    check(&account, false, &good.replace("/MM", "/SM"), Some(true));
    for bad in traps(&good).into_iter().chain([
        good.replace("AC0", "AC1"),
        good.replace("/ME", "/XX"),
        good.replace("/Media/ME", "/Media/../Media/../ME"),
        good.replace("/2010-04-01", ""),
        good.replace("0008", "0008/"),
        good.replace("0008", "0008.json"),
        good.replace("0008", "0008?x=1"),
        good.replace("0008", "0008#x"),
        good.replace("/Messages", "/%4dessages"),
        good.replace("api.twilio.com", "mms.twiliocdn.com"),
        good.replace("api.twilio.com", "127.0.0.1:4000/twilio"),
    ]) {
        check(&account, false, &bad, None);
    }
}

#[test]
fn signalwire() {
    let account = SIGNALWIRE.account();
    let good = format!("https://demo.signalwire.com{SIGNALWIRE_PATH}");
    check(&account, false, &good, Some(true));
    for public in [
        good.replace("demo", "other"),
        good.replace("4000-8000-000000000001", "4000-8000-000000000002"),
        good.replace("0008", "0008.jpg"),
        "https://files.signalwire.com/a/b.png?token=1".to_owned(),
    ] {
        check(&account, false, &public, Some(false));
    }
    for bad in traps(&good).into_iter().chain([
        "https://signalwire.com/x".to_owned(),
        "https://evilsignalwire.com/x".to_owned(),
        "https://127.0.0.1/x".to_owned(),
    ]) {
        check(&account, false, &bad, None);
    }
}

#[test]
fn a_simulator_is_fetched_from_on_a_local_stack_only() {
    let twilio = ProviderAccount {
        config: [
            ("account_sid", TWILIO.remote_id),
            ("auth_token", "t"),
            ("api_base", "http://127.0.0.1:4000/twilio"),
        ]
        .into(),
        ..TWILIO.account()
    };
    let local = format!("http://127.0.0.1:4000/twilio{TWILIO_PATH}");
    check(&twilio, true, &local, Some(true));
    check(&twilio, false, &local, None);
    check(&twilio, true, &format!("https://api.twilio.com{TWILIO_PATH}"), None);
    check(&twilio, true, &local.replace("4000", "4001"), None);
    let signalwire = ProviderAccount {
        config: [
            ("project_id", SIGNALWIRE.remote_id),
            ("token", "t"),
            ("space_url", "demo.signalwire.com"),
            ("api_base", "http://127.0.0.1:4000/signalwire"),
        ]
        .into(),
        ..SIGNALWIRE.account()
    };
    let local = format!("http://127.0.0.1:4000/signalwire{SIGNALWIRE_PATH}");
    check(&signalwire, true, &local, Some(true));
    check(&signalwire, true, "http://127.0.0.1:4000/media/1.png", Some(false));
    check(&signalwire, false, &local, None);
    check(&signalwire, true, &local.replace("4000", "4001"), None);
}
