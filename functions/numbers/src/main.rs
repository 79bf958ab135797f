//! The inventory of phone numbers.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::numbers::inventory::ManageNumbers;
use telephony::app::numbers::moving::MoveNumber;
use telephony::app::provider_accounts::desk::Providers;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

/// How long a provider may take: at most three questions fit into the 30 seconds of an HTTP API.
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
    let book = Arc::new(clients.book(&store, secret, key));
    let transport = Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?);
    let desk = Arc::new(Providers { environment, transport });
    let handler = handler::Handler {
        moves: MoveNumber {
            inventory: store.clone(),
            numbers: store.clone(),
            moves: store.clone(),
            book: book.clone(),
            desk: desk.clone(),
            clock: Arc::new(SystemClock),
        },
        numbers: ManageNumbers {
            inventory: store.clone(),
            numbers: store.clone(),
            agents: store.clone(),
            book,
            desk,
            public_base_url: settings.public_base_url()?,
            default_country: settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
