//! A function's settings: its environment variables, read once at start and refused there.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::Url;

/// A setting that the function cannot start with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is needed and not there.
    #[error("{name} is not set")]
    Missing {
        /// The variable.
        name: String,
    },
    /// It is there and unusable. Its value is not repeated: it may be a secret in the wrong place.
    #[error("{name} is not usable: it must be {expected}")]
    Invalid {
        /// The variable.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
    /// It may not be set here.
    #[error("{name} is refused: {why}")]
    Refused {
        /// The variable.
        name: String,
        /// Why.
        why: &'static str,
    },
}

impl ConfigError {
    fn invalid(name: &str, expected: &'static str) -> Self {
        Self::Invalid { name: name.to_owned(), expected }
    }
}

/// A snapshot of environment variables. An empty one counts as absent: a template's empty parameter
/// arrives so.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// The process's own. What is not UTF-8 is left out.
    pub fn from_process() -> Self {
        Self::collect(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Just these, for tests.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self::collect(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn collect(pairs: impl Iterator<Item = (String, String)>) -> Self {
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// A variable that may be absent.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn required(&self, name: &str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or_else(|| ConfigError::Missing { name: name.to_owned() })
    }

    /// A variable of a type, or `default` when it is absent.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when it is not `expected`.
    pub fn parsed<T: FromStr>(
        &self,
        name: &str,
        default: T,
        expected: &'static str,
    ) -> Result<T, ConfigError> {
        match self.optional(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| ConfigError::invalid(name, expected)),
        }
    }

    /// A switch: `true` or `false`, off when absent. Other words are refused, so that a typing error
    /// neither opens nor closes anything silently.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn switch(&self, name: &str) -> Result<bool, ConfigError> {
        self.parsed(name, false, "true or false")
    }

    /// `TABLE_NAME`: the table.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn table_name(&self) -> Result<&str, ConfigError> {
        self.required("TABLE_NAME")
    }

    /// `PROVIDER_SECRET_ID` and `CREDENTIALS_KEY_ID`: the secret with the deployment's accounts, and the
    /// key under which those of the table are kept.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn credentials(&self) -> Result<(&str, &str), ConfigError> {
        Ok((self.required("PROVIDER_SECRET_ID")?, self.required("CREDENTIALS_KEY_ID")?))
    }

    /// `PUBLIC_BASE_URL`: what stands before `/api/` in the URLs that providers call, without a
    /// trailing slash.
    ///
    /// # Errors
    /// [`ConfigError`] when it is absent or no plain HTTP URL.
    pub fn public_base_url(&self) -> Result<String, ConfigError> {
        const NAME: &str = "PUBLIC_BASE_URL";
        let text = self.required(NAME)?.trim_end_matches('/');
        let plain = Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        // The text itself is kept: a signature is computed over what the provider was told, and a
        // parser's spelling of it (a default port left out) is not that.
        if plain {
            Ok(text.to_owned())
        } else {
            Err(ConfigError::invalid(NAME, "an http or https URL without query, fragment or user"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, Settings};

    #[test]
    fn errors_name_the_variable_and_not_its_value() {
        let settings = Settings::of(&[("A", ""), ("ON", "yes"), ("PUBLIC_BASE_URL", "ftp://secret")]);
        assert_eq!(settings.required("A").unwrap_err().to_string(), "A is not set");
        assert_eq!(
            settings.switch("ON").unwrap_err().to_string(),
            "ON is not usable: it must be true or false"
        );
        let error = settings.public_base_url().unwrap_err();
        assert!(matches!(&error, ConfigError::Invalid { name, .. } if name == "PUBLIC_BASE_URL"));
        assert!(!error.to_string().contains("secret"));
        assert!(settings.table_name().is_err());
    }

    #[test]
    fn a_public_base_is_kept_as_it_is_spelt() {
        for (given, kept) in [
            ("https://hooks.example.com:443/prod/", "https://hooks.example.com:443/prod"),
            ("http://127.0.0.1:4566/_aws/execute-api/abc", "http://127.0.0.1:4566/_aws/execute-api/abc"),
        ] {
            assert_eq!(Settings::of(&[("PUBLIC_BASE_URL", given)]).public_base_url().unwrap(), kept);
        }
        for bad in ["/api", "hooks.example.com", "https://u:p@h", "https://h/?a", "https://h/#a"] {
            assert!(Settings::of(&[("PUBLIC_BASE_URL", bad)]).public_base_url().is_err(), "{bad}");
        }
    }
}
