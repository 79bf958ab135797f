//! Finds the numbers whose events go elsewhere, and brings them back.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::provider_accounts::desk::Providers;
use telephony::app::repair::WebhookRepair;
use telephony::domain::mark::Marker;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::SystemClock;
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

/// How long a provider may take: no number is begun after 20 seconds, and one that has to be mended at a
/// provider that answers just in time still ends within 30.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);

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
        repair: WebhookRepair {
            book: Arc::new(clients.book(&store, secret, key)),
            numbers: store.clone(),
            desk: Arc::new(Providers {
                environment,
                transport: Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?),
            }),
            clock: Arc::new(SystemClock),
            public_base_url: settings.public_base_url()?,
            marker: Marker::new(settings.required("STACK_NAME")?),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
