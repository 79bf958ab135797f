//! Where attachments may be fetched, and with what: with nothing, ever.

use telephony::provider::account::ProviderAccount;
use telephony::provider::error::ErrorKind;
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::telnyx::account;

fn allowed(account: &ProviderAccount, local: bool, url: &str) -> bool {
    let environment = Environment { local, ..Environment::default() };
    let media = registry::media(ProviderId::Telnyx).unwrap()(account, &environment).unwrap();
    match media.media_request(url) {
        Ok(request) => {
            assert!(request.authorization.is_none(), "{url}");
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
            false
        }
    }
}

#[test]
fn public_https_without_credentials() {
    for good in [
        "https://media.telnyx.com/example-image.png",
        "https://us-central-1.telnyxcloudstorage.com/x/a.png?X-Amz-Signature=1&X-Amz-Expires=600",
        "https://s3.amazonaws.com/telephony-recorder-prod/a.mp3",
        "https://media.telnyx.com:443/a",
    ] {
        assert!(allowed(&account(), false, good), "{good}");
    }
    for bad in [
        "",
        "media.telnyx.com/a",
        "http://media.telnyx.com/a",
        "ftp://media.telnyx.com/a",
        "file:///etc/passwd",
        "https://user:pass@media.telnyx.com/a",
        "https://user@media.telnyx.com/a",
        "https://media.telnyx.com:444/a",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "https://localhost/a",
        "https://localhost./a",
        "https://media.telnyx.com./a",
        "https:///a",
    ] {
        assert!(!allowed(&account(), false, bad), "{bad}");
    }
}

#[test]
fn a_simulator_is_fetched_from_on_a_local_stack_only() {
    let local = ProviderAccount {
        config: [("api_key", "k"), ("api_base", "http://127.0.0.1:4000/telnyx")].into(),
        ..account()
    };
    assert!(allowed(&local, true, "http://127.0.0.1:4000/media/1.png"));
    // Its store of files is at another port; which ones may be asked, the fetcher knows.
    assert!(allowed(&local, true, "http://127.0.0.1:4001/media/1.png"));
    for (account, environment, url) in [
        (&local, false, "http://127.0.0.1:4000/media/1.png"),
        (&local, true, "http://127.0.0.2:4000/media/1.png"),
        (&local, true, "http://localhost:4000/media/1.png"),
        (&local, true, "http://u:p@127.0.0.1:4000/media/1.png"),
        (&local, true, "https://media.telnyx.com/a"),
    ] {
        assert!(!allowed(account, environment, url), "{url}");
    }
}
