//! Balance, ledger, deposits, spend caps, and what was used.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::money::usage::ReportUsage;
use telephony_aws::{Clients, Profile};
use telephony_lambda::Error;
use telephony_lambda::clock::SystemClock;
use telephony_lambda::config::Settings;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    store.warm_up().await;
    let handler = handler::Handler {
        wallets: store.clone(),
        usage: ReportUsage { books: store.clone() },
        clients: store,
        claims: ClaimNames::of(&settings)?,
        clock: Arc::new(SystemClock),
    };
    run_http(async |request| handler.handle(request).await).await
}
