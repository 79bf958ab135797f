//! Gives phone numbers back.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::numbers::release::Release;
use telephony::app::provider_accounts::desk::Providers;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::SystemClock;
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

/// How long a provider may take: it is asked twice, within the 30 seconds of an HTTP API.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let environment = local::environment()?.environment;
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    let (secret, key) = settings.credentials()?;
    store.warm_up().await;
    let handler = handler::Handler {
        release: Release {
            inventory: store.clone(),
            returns: store.clone(),
            book: Arc::new(clients.book(&store, secret, key)),
            desk: Arc::new(Providers {
                environment,
                transport: Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?),
            }),
            clock: Arc::new(SystemClock),
        },
        public_base_url: settings.public_base_url()?,
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
