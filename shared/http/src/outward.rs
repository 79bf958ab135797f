//! Clients for addresses that strangers have named: which of them may be asked, and by which client.

use std::sync::Arc;

use telephony::provider::Environment;
use url::Url;

use crate::client::{self, SetupError};
use crate::policy::{Policy, VettingResolver, Way};

/// The way out to such addresses, and no other.
#[derive(Clone)]
pub(crate) struct Outward {
    vetted: reqwest::Client,
    local: reqwest::Client,
    policy: Policy,
}

impl Outward {
    /// To the public internet, and on a local stack to the origins that `environment` names, exactly these.
    pub(crate) fn new(environment: &Environment) -> Result<Self, SetupError> {
        let vetted = client::builder()?.https_only(true).dns_resolver(Arc::new(VettingResolver));
        // The two are kept apart, so that nothing which was let through for the local stack can be
        // reached by another port or scheme of the same name.
        let local = client::builder()?;
        Ok(Self {
            vetted: vetted.build().map_err(SetupError::new)?,
            local: local.build().map_err(SetupError::new)?,
            policy: Policy::new(environment),
        })
    }

    /// The client that may ask this address; `None`: nobody may.
    pub(crate) fn client(&self, url: &Url) -> Option<&reqwest::Client> {
        match self.policy.way(url)? {
            Way::Vetted => Some(&self.vetted),
            Way::Local => Some(&self.local),
        }
    }
}
