//! The SDK's clients, built by hand: no file is read and no provider chain is asked, because a
//! function's region and credentials are in its environment.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::IdentityCache;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::{Book, Bucket, Directory, KmsKeys, KmsSeals, Queues, StirSecret, Store, secrets};

/// The roots of Amazon Trust Services (<https://www.amazontrust.com/repository/>), which every
/// endpoint of AWS chains to. Parsing these five takes a tenth of a millisecond; the system's 145
/// take more than two at every cold start.
const ROOTS: &[u8] = include_bytes!("trust/amazon-trust-services.pem");

/// Below the time after which the load balancers of AWS close an idle connection, so that a reused
/// environment does not write into a dead one.
const IDLE: Duration = Duration::from_secs(20);

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A provider waits for the answer: Telnyx 2 seconds, a caller less.
    Webhook,
    /// A queue, a schedule or a user waits.
    Worker,
}

impl Profile {
    fn timeouts(self) -> TimeoutConfig {
        let (connect, attempt, operation) = match self {
            Self::Webhook => (400, 600, 1_400),
            Self::Worker => (1_000, 4_000, 12_000),
        };
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(connect))
            .operation_attempt_timeout(Duration::from_millis(attempt))
            .operation_timeout(Duration::from_millis(operation))
            .build()
    }

    fn retries(self) -> RetryConfig {
        // The SDK waits a second before its first retry, which a webhook does not have.
        let (attempts, first, longest) = match self {
            Self::Webhook => (3, 25, 200),
            Self::Worker => (4, 50, 2_000),
        };
        RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(first))
            .with_max_backoff(Duration::from_millis(longest))
    }
}

/// What the environment does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct Missing(pub &'static str);

/// The clients. They share one HTTP client, so one pool of connections and one trust store; what is
/// not on the hot path is made when it is first asked for.
#[derive(Clone, Debug)]
pub struct Clients {
    shared: SdkConfig,
    s3: Arc<OnceLock<aws_sdk_s3::Client>>,
    sqs: Arc<OnceLock<aws_sdk_sqs::Client>>,
    secrets: Arc<OnceLock<aws_sdk_secretsmanager::Client>>,
}

impl Clients {
    /// From the variables that Lambda sets, and `AWS_ENDPOINT_URL` on a local stack.
    ///
    /// # Errors
    /// [`Missing`] when there is no region or there are no credentials.
    pub fn from_env(profile: Profile) -> Result<Self, Missing> {
        let set = |name: &'static str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let required = |name: &'static str| set(name).ok_or(Missing(name));
        let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")).ok_or(Missing("AWS_REGION"))?;
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            set("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Ok(Self::new(profile, region, credentials, set("AWS_ENDPOINT_URL")))
    }

    /// From what the caller knows.
    pub fn new(profile: Profile, region: String, credentials: Credentials, endpoint: Option<String>) -> Self {
        let mut shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // The credentials of an environment never change, so there is nothing to cache.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http_client());
        shared.set_endpoint_url(endpoint);
        Self::of_config(profile, shared.build())
    }

    /// From a configuration that was found elsewhere (an operator's profile).
    pub fn of_config(profile: Profile, config: SdkConfig) -> Self {
        let shared =
            config.into_builder().timeout_config(profile.timeouts()).retry_config(profile.retries()).build();
        Self { shared, s3: Arc::default(), sqs: Arc::default(), secrets: Arc::default() }
    }

    /// True when the endpoint is a loopback address, which only a local stack's is.
    pub fn is_local(&self) -> bool {
        self.shared.endpoint_url().is_some_and(is_loopback)
    }

    /// The table of this name.
    pub fn store(&self, table: &str) -> Store {
        Store::new(aws_sdk_dynamodb::Client::new(&self.shared), table)
    }

    /// The bucket of this name.
    pub fn bucket(&self, name: &str) -> Bucket {
        let client = self.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.shared)
                // An emulator's bucket has no host name of its own.
                .force_path_style(self.is_local())
                // TLS guards what is on its way; trailing checksums are not understood everywhere.
                .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        });
        Bucket::new(client.clone(), name)
    }

    /// The queues of these URLs; empty where a function does not use one.
    pub fn queues(&self, outbound: Option<String>, media: Option<String>) -> Queues {
        let client = self.sqs.get_or_init(|| aws_sdk_sqs::Client::new(&self.shared));
        Queues::new(client.clone(), outbound, media)
    }

    /// The accounts of the secret of this id and of the table, under this key of KMS.
    pub fn directory(&self, store: &Store, secret: &str, key: &str) -> Directory {
        Directory::new(store.clone(), self.secret(secret), Arc::new(self.keys(key)))
    }

    /// The same accounts, to administer them.
    pub fn book(&self, store: &Store, secret: &str, key: &str) -> Book {
        Book::new(store.clone(), self.secret(secret), Arc::new(self.keys(key)))
    }

    /// The key that signs calls, of the secret of this id.
    pub fn stir(&self, secret: &str) -> StirSecret {
        StirSecret::new(self.secret(secret))
    }

    /// The KMS key of this id, which seals customers' secrets.
    pub fn seals(&self, key: &str) -> KmsSeals {
        KmsSeals::new(aws_sdk_kms::Client::new(&self.shared), key)
    }

    fn secret(&self, id: &str) -> Arc<dyn crate::SecretSource> {
        let client = self.secrets.get_or_init(|| aws_sdk_secretsmanager::Client::new(&self.shared));
        secrets::of_secret(client.clone(), id)
    }

    fn keys(&self, key: &str) -> KmsKeys {
        KmsKeys::new(self.shared.clone(), key)
    }
}

/// The HTTP client of all SDK clients.
pub fn http_client() -> SharedHttpClient {
    let trust = TrustStore::empty().with_pem_certificate(ROOTS);
    let http = Builder::new().pool_idle_timeout(IDLE).tls_provider(Provider::rustls(CryptoMode::AwsLc));
    match TlsContext::builder().with_trust_store(trust).build() {
        Ok(context) => http.tls_context(context).build_https(),
        // Building a context cannot fail today; should it ever, the system's roots serve as well.
        Err(_) => http.build_https(),
    }
}

/// An `http` URL of 127.0.0.0/8, `::1` or `localhost`, read strictly: what decides over signatures must
/// not be fooled by `http://127.0.0.1.evil.example` or `http://127.0.0.1@evil.example`.
pub fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if authority.contains('@') || authority.contains('\\') {
        return false;
    }
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Clients, Profile, is_loopback};
    use aws_credential_types::Credentials;

    #[test]
    fn only_loopback_is_local() {
        for url in ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:1", "https://127.1.2.3"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "http://localhost.evil.example",
            "https://dynamodb.us-east-1.amazonaws.com",
            "127.0.0.1:4566",
            "http://10.0.0.1",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    /// The trust store is parsed when the first client is built, and a root that cannot be parsed
    /// panics there: in this test and not in a function's first second.
    #[tokio::test]
    async fn the_roots_parse() {
        let keys = Credentials::new("test", "test", None, None, "test");
        let endpoint = Some("https://127.0.0.1:9".to_owned());
        let clients = Clients::new(Profile::Webhook, "us-east-1".into(), keys, endpoint);
        assert!(clients.is_local());
        clients.store("table").warm_up().await;
    }
}
