//! Accepts one SMS or MMS.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::compose::Compose;
use telephony::app::route::Router;
use telephony::app::send_message::SendMessage;
use telephony::domain::price::PriceTable;
use telephony_aws::{Clients, Profile, TableStates};
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::principal::ClaimNames;
use telephony_lambda::runtime::{run_http, start};

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let local = local::environment()?;
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    store.warm_up().await;
    let handler = handler::Handler {
        send: SendMessage {
            compose: Compose {
                router: Router {
                    numbers: store.clone(),
                    conversations: store.clone(),
                    accounts: Arc::new(TableStates::new(
                        (*store).clone(),
                        settings.optional("PLATFORM_ACCOUNTS").unwrap_or_default(),
                    )),
                    prices: PriceTable::bundled(),
                },
                templates: store.clone(),
                default_country: settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned(),
                environment: local.environment,
            },
            outbox: store.clone(),
            messages: store.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
