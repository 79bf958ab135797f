//! Hands out again what stayed pending.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::sweep::Sweep;
use telephony_aws::{Clients, Profile};
use telephony_lambda::Error;
use telephony_lambda::clock::SystemClock;
use telephony_lambda::config::Settings;
use telephony_lambda::runtime::start;
use telephony_lambda::schedule::run_schedule;

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    let queues = clients.queues(
        Some(settings.required("OUTBOUND_QUEUE_URL")?.to_owned()),
        Some(settings.required("MEDIA_QUEUE_URL")?.to_owned()),
    );
    let queues = queues.with_events(None, Some(settings.required("EVENT_RETRIES_QUEUE_URL")?.to_owned()));
    let handler = handler::Handler {
        sweep: Sweep {
            pending: store.clone(),
            media: store.clone(),
            recordings: store.clone(),
            deliveries: store,
            queue: Arc::new(queues),
        },
        clock: Arc::new(SystemClock),
    };
    run_schedule(async |invocation: &_| handler.handle(invocation).await).await
}
