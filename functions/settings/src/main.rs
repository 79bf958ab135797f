//! Templates, opt-outs, machine clients, event endpoints, agents, and the document that describes the API.

mod agents;
mod clients;
mod event_endpoints;
mod handler;
mod opt_outs;
mod preferences;
mod routes;
mod templates;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::event_endpoints::EventEndpoints;
use telephony::app::explain_route::ExplainRoute;
use telephony::app::replay::Replay;
use telephony::app::route::Router;
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
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    store.warm_up().await;
    let default_country = settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned();
    let queues = clients.queues(None, None).with_events(
        Some(settings.required("EVENTS_QUEUE_URL")?.to_owned()),
        Some(settings.required("EVENT_RETRIES_QUEUE_URL")?.to_owned()),
    );
    let queue = Arc::new(queues);
    let clock = Arc::new(SystemClock);
    let events = EventEndpoints {
        endpoints: store.clone(),
        agents: store.clone(),
        log: store.clone(),
        replay: Replay {
            log: store.clone(),
            deliveries: store.clone(),
            endpoints: store.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
        },
        secrets: Arc::new(clients.seals(settings.required("SECRETS_KEY_ID")?)),
        queue,
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        environment: local::environment()?.environment,
    };
    let handler = handler::Handler {
        explain: ExplainRoute {
            router: Router {
                numbers: store.clone(),
                conversations: store.clone(),
                accounts: Arc::new(TableStates::new(
                    (*store).clone(),
                    settings.optional("PLATFORM_ACCOUNTS").unwrap_or_default(),
                )),
                prices: PriceTable::bundled(),
            },
            decisions: store.clone(),
            default_country: default_country.clone(),
        },
        templates: store.clone(),
        consents: store.clone(),
        clients: store.clone(),
        wishes: store.clone(),
        events,
        deliveries: store,
        claims: ClaimNames::of(&settings)?,
        clock,
        default_country,
    };
    run_http(async |request| handler.handle(request).await).await
}
