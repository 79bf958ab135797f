//! Whether this process is part of a local stack, and what only a local stack may do.
//!
//! *Local* hangs on one thing that no deployment has: an `AWS_ENDPOINT_URL` that is a loopback
//! address. With it the functions cannot reach AWS at all, so that nothing real can be opened by it.

use telephony::provider::Environment;
use url::{Host, Url};

use crate::config::{ConfigError, Settings};

const SWITCH: &str = "TWILIO_SIGNATURE_VALIDATION";
const ORIGINS: &str = "SIMULATOR_ORIGINS";

/// Where this process runs.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// What providers must know of it.
    pub environment: Environment,
    /// The development switch: webhooks are taken without checking their signature.
    pub signatures_disabled: bool,
}

/// Reads it from the process.
///
/// # Errors
/// [`ConfigError`]; the function must not start then.
pub fn environment() -> Result<LocalSettings, ConfigError> {
    local_settings(&Settings::from_process())
}

/// Reads it from `settings`.
///
/// # Errors
/// [`ConfigError::Refused`] when signatures are to be skipped and the stack is not local;
/// [`ConfigError::Invalid`] for an origin that is none.
pub fn local_settings(settings: &Settings) -> Result<LocalSettings, ConfigError> {
    let local = settings.optional("AWS_ENDPOINT_URL").is_some_and(is_loopback);
    let signatures_disabled =
        settings.optional(SWITCH).is_some_and(|word| word.trim().eq_ignore_ascii_case("disabled"));
    if signatures_disabled && !local {
        return Err(ConfigError::Refused {
            name: SWITCH.to_owned(),
            why: "signatures are skipped on a local stack only (AWS_ENDPOINT_URL on loopback)",
        });
    }
    if signatures_disabled {
        tracing::warn!(
            variable = SWITCH,
            "WEBHOOK SIGNATURES ARE NOT CHECKED: anybody who reaches this stack can forge any message"
        );
    }
    let local_origins = if local { simulator_origins(settings)? } else { Vec::new() };
    Ok(LocalSettings { environment: Environment { local, local_origins }, signatures_disabled })
}

/// A loopback address literal, or `localhost` itself; no other name, whatever it resolves to.
fn is_loopback(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else { return false };
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

fn simulator_origins(settings: &Settings) -> Result<Vec<String>, ConfigError> {
    let texts = settings.optional(ORIGINS).unwrap_or_default().split(',').map(str::trim);
    texts.filter(|text| !text.is_empty()).map(origin).collect()
}

fn origin(text: &str) -> Result<String, ConfigError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let origin = url.map(|url| url.origin().ascii_serialization());
    origin.filter(|origin| text.trim_end_matches('/').eq_ignore_ascii_case(origin)).ok_or_else(|| {
        ConfigError::Invalid {
            name: ORIGINS.to_owned(),
            expected: "origins such as http://127.0.0.1:4000, separated by commas",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{ORIGINS, SWITCH, local_settings};
    use crate::config::{ConfigError, Settings};

    const ENDPOINT: &str = "AWS_ENDPOINT_URL";

    #[test]
    fn only_a_loopback_endpoint_is_local() {
        for (endpoint, local) in [
            ("http://127.0.0.1:4566", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:4566/", true),
            ("https://localhost:4566", true),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("http://example.com/127.0.0.1", false),
            ("http://0.0.0.0:4566", false),
            ("http://10.0.0.1", false),
            ("ftp://127.0.0.1", false),
            ("127.0.0.1:4566", false),
            ("https://dynamodb.eu-west-1.amazonaws.com", false),
            ("", false),
        ] {
            let settings = local_settings(&Settings::of(&[(ENDPOINT, endpoint)])).unwrap();
            assert_eq!(settings.environment.local, local, "{endpoint}");
        }
    }

    #[test]
    fn the_development_switch_refuses_to_start_anywhere_else() {
        for word in ["disabled", "Disabled", " disabled "] {
            let deployed = Settings::of(&[(SWITCH, word)]);
            assert!(matches!(local_settings(&deployed), Err(ConfigError::Refused { .. })), "{word}");
            let near = Settings::of(&[(SWITCH, word), (ENDPOINT, "http://127.0.0.1.example.com")]);
            assert!(local_settings(&near).is_err(), "{word}");
            let local = Settings::of(&[(SWITCH, word), (ENDPOINT, "http://127.0.0.1:4566")]);
            assert!(local_settings(&local).unwrap().signatures_disabled, "{word}");
        }
        let other = Settings::of(&[(SWITCH, "enabled"), (ENDPOINT, "http://127.0.0.1:4566")]);
        assert!(!local_settings(&other).unwrap().signatures_disabled);
    }

    #[test]
    fn origins_count_on_a_local_stack_only() {
        let origins = (ORIGINS, "http://127.0.0.1:4000, http://localhost:4001/");
        let local = local_settings(&Settings::of(&[origins, (ENDPOINT, "http://127.0.0.1:4566")])).unwrap();
        assert_eq!(local.environment.local_origins, ["http://127.0.0.1:4000", "http://localhost:4001"]);
        assert!(local_settings(&Settings::of(&[origins])).unwrap().environment.local_origins.is_empty());
        for bad in ["127.0.0.1:4000", "http://127.0.0.1:4000/path", "*", "http://u@127.0.0.1"] {
            let settings = Settings::of(&[(ORIGINS, bad), (ENDPOINT, "http://127.0.0.1:4566")]);
            assert!(local_settings(&settings).is_err(), "{bad}");
        }
    }
}
