//! A subaccount, a first number and its webhooks for each subscription.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::numbers::purchase::saga::PurchaseSaga;
use telephony::app::numbers::release::Release;
use telephony::app::provider_accounts::ProviderAccounts;
use telephony::app::provider_accounts::desk::Providers;
use telephony::app::subscriptions::Subscriptions;
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

/// How long a provider may take. No step is begun after 10 seconds.
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
    let clock = Arc::new(SystemClock);
    let transport = Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?);
    let desk = Arc::new(Providers { environment: environment.clone(), transport });
    let public_base_url = settings.public_base_url()?;
    let handler = handler::Handler {
        subscriptions: Subscriptions {
            records: store.clone(),
            tasks: store.clone(),
            accounts: ProviderAccounts {
                public_base_url: public_base_url.clone(),
                book: book.clone(),
                numbers: store.clone(),
                inventory: store.clone(),
                stock: store.clone(),
                desk: desk.clone(),
                environment,
                clock: clock.clone(),
                random: Arc::new(SystemRandom),
            },
            buyer: Arc::new(PurchaseSaga {
                book: book.clone(),
                purchases: store.clone(),
                desk: desk.clone(),
                public_base_url,
                clock: clock.clone(),
            }),
            releaser: Arc::new(Release {
                inventory: store.clone(),
                returns: store.clone(),
                book,
                desk,
                clock,
            }),
            prices: PriceTable::bundled(),
            marker: Marker::new(settings.required("STACK_NAME")?),
            country: settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned(),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
