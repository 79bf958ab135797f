//! Nothing that can be printed says a secret.

use std::sync::Arc;

use telephony::provider::{Environment, registry};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::SAMPLES;

use super::{keys_of, messaging_of, text};

#[tokio::test]
async fn neither_accounts_nor_requests_nor_errors() {
    for sample in SAMPLES {
        let account = sample.account();
        let echo = format!(r#"{{"code":20003,"message":"no {}"}}"#, sample.remote_id);
        let transport = Arc::new(ReplayTransport::new().answer(401, echo));
        let error = messaging_of(&account, &transport).send(&text()).await.unwrap_err();
        let requests = transport.requests();
        let authorization = requests[0].headers()["authorization"].to_str().unwrap().to_owned();
        let base64 = authorization.strip_prefix("Basic ").unwrap();
        let media = registry::media(account.provider).unwrap()(&account, &Environment::default()).unwrap();
        let refused = media.media_request("https://evil.example/").unwrap_err();
        let printed = format!(
            "{account:?} {:?} {:?} {requests:?} {error:?} {error} {refused:?} {refused}",
            account.config,
            keys_of(&sample),
        );
        for secret in sample.secrets.iter().copied().chain([base64]) {
            assert!(!printed.contains(secret), "{secret} is printed");
        }
    }
}

#[test]
fn every_provider_declares_what_the_registry_has() {
    for sample in SAMPLES {
        let declared = registry::capabilities(sample.provider);
        let account = sample.account();
        let environment = Environment::default();
        let sends = registry::messaging(account.provider).unwrap()(
            &account,
            &environment,
            Arc::new(ReplayTransport::new()),
        )
        .is_ok();
        assert_eq!(declared.sms, sends && !keys_of(&sample).is_empty());
        assert_eq!(declared.mms, registry::media(account.provider).unwrap()(&account, &environment).is_ok());
        assert!(declared.max_body > 0 && declared.max_media > 0);
    }
}
