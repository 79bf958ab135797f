//! Buys phone numbers.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::numbers::purchase::Buy;
use telephony::app::numbers::purchase::saga::PurchaseSaga;
use telephony::app::provider_accounts::desk::Providers;
use telephony::domain::mark::Marker;
use telephony::domain::price::PriceTable;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

/// How long a provider may take. No step is begun after 10 seconds, so that the last one that was ends
/// within the 30 of an HTTP API.
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
        buy: Buy {
            saga: PurchaseSaga {
                book: Arc::new(clients.book(&store, secret, key)),
                purchases: store.clone(),
                desk: Arc::new(Providers {
                    environment,
                    transport: Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?),
                }),
                public_base_url: settings.public_base_url()?,
                clock: Arc::new(SystemClock),
            },
            inventory: store.clone(),
            wallets: store.clone(),
            agents: store.clone(),
            prices: PriceTable::bundled(),
            marker: Marker::new(settings.required("STACK_NAME")?),
            random: Arc::new(SystemRandom),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
