//! Finishes or undoes what was left half done, charges rents, and compares with the providers.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::backfill::Backfill;
use telephony::app::money::rents::Rents;
use telephony::app::numbers::give_back::GiveBack;
use telephony::app::numbers::moving::saga::MoveSaga;
use telephony::app::numbers::purchase::saga::PurchaseSaga;
use telephony::app::numbers::release::Release;
use telephony::app::provider_accounts::ProviderAccounts;
use telephony::app::provider_accounts::desk::Providers;
use telephony::app::reconcile::Reconcile;
use telephony::app::reconcile::sweep::InventorySweep;
use telephony::app::subscriptions::Subscriptions;
use telephony::domain::mark::Marker;
use telephony::domain::price::PriceTable;
use telephony::domain::rent::RentPolicy;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::runtime::start;
use telephony_lambda::schedule::run_schedule;

/// How long a provider may take.
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
    let book = Arc::new(clients.book(&store, secret, key));
    let clock = Arc::new(SystemClock);
    let transport = Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?);
    let desk = Arc::new(Providers { environment: environment.clone(), transport: transport.clone() });
    let marker = Marker::new(settings.required("STACK_NAME")?);
    let public_base_url = settings.public_base_url()?;
    let saga = || PurchaseSaga {
        book: book.clone(),
        purchases: store.clone(),
        desk: desk.clone(),
        public_base_url: public_base_url.clone(),
        clock: clock.clone(),
    };
    let release = || Release {
        inventory: store.clone(),
        returns: store.clone(),
        book: book.clone(),
        desk: desk.clone(),
        clock: clock.clone(),
    };
    let days = |name: &str| settings.required(name)?.parse::<u32>().map_err(Error::from);
    let policy = RentPolicy::of_days(days("RENT_GRACE_DAYS")?, days("RENT_RELEASE_DAYS")?);
    let handler = handler::Handler {
        reconcile: Reconcile {
            tasks: store.clone(),
            saga: saga(),
            release: release(),
            give_back: GiveBack {
                book: book.clone(),
                desk: desk.clone(),
                stock: store.clone(),
                returns: store.clone(),
                clock: clock.clone(),
            },
            sweep: InventorySweep {
                book: book.clone(),
                accounts: book.clone(),
                desk: desk.clone(),
                purchases: store.clone(),
                inventory: store.clone(),
                stock: store.clone(),
                returns: store.clone(),
                sweeps: store.clone(),
                marker: marker.clone(),
                clock: clock.clone(),
            },
            clock: clock.clone(),
        },
        moves: MoveSaga {
            tasks: store.clone(),
            inventory: store.clone(),
            moves: store.clone(),
            messages: store.clone(),
            inbox: store.clone(),
            book: book.clone(),
            desk: desk.clone(),
            public_base_url: public_base_url.clone(),
        },
        // Time is what a move is about: only a local stack may be told another one.
        believes_named_time: environment.local,
        rents: Rents { tasks: store.clone(), inventory: store.clone(), book: store.clone(), policy },
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
                environment: environment.clone(),
                clock: clock.clone(),
                random: Arc::new(SystemRandom),
            },
            buyer: Arc::new(saga()),
            releaser: Arc::new(release()),
            prices: PriceTable::bundled(),
            marker,
            country: settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned(),
        },
        backfill: Backfill {
            accounts: book.clone(),
            book,
            transport,
            environment,
            watermarks: store.clone(),
            numbers: store.clone(),
            messages: store.clone(),
            inbox: store,
            clock: clock.clone(),
        },
        clock,
    };
    run_schedule(async |invocation: &_| handler.handle(invocation).await).await
}
