//! Accounts at providers, and the numbers that they hold.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::provider_accounts::ProviderAccounts;
use telephony::app::provider_accounts::desk::Providers;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

/// How long a provider may take: a list of numbers that stops after 20 seconds still answers within 30.
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
        accounts: ProviderAccounts {
            public_base_url: settings.public_base_url()?,
            book: Arc::new(clients.book(&store, secret, key)),
            numbers: store.clone(),
            inventory: store.clone(),
            stock: store.clone(),
            desk: Arc::new(Providers {
                environment: environment.clone(),
                transport: Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?),
            }),
            environment,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
