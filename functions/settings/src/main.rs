//! Templates, opt-outs, machine clients, and the document that describes the API.

mod handler;
mod routes;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::explain_route::ExplainRoute;
use telephony::app::route::Router;
use telephony::domain::price::PriceTable;
use telephony_aws::{AssumedStates, Clients, Profile};
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
    let default_country = settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned();
    let handler = handler::Handler {
        explain: ExplainRoute {
            router: Router {
                numbers: store.clone(),
                conversations: store.clone(),
                accounts: Arc::new(AssumedStates),
                prices: PriceTable::bundled(),
            },
            decisions: store.clone(),
            default_country: default_country.clone(),
        },
        templates: store.clone(),
        consents: store.clone(),
        clients: store,
        claims: ClaimNames::of(&settings)?,
        clock: Arc::new(SystemClock),
        default_country,
    };
    run_http(async |request| handler.handle(request).await).await
}
