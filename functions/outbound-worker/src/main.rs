//! Sends accepted messages, retries, resolves lost answers.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::deliver::Deliver;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::batch::run_jobs;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::runtime::start;

/// How long a provider may take to answer a send. After it the answer counts as lost.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(10);
/// How many messages of a batch are sent at a time.
const CONCURRENCY: usize = 5;

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    let (secret, key) = settings.credentials()?;
    let accounts = Arc::new(clients.directory(&store, secret, key));
    let handler = handler::Handler {
        deliver: Deliver {
            dispatch: store.clone(),
            reports: store.clone(),
            messages: store.clone(),
            projection: store.clone(),
            numbers: store,
            accounts,
            queue: Arc::new(clients.queues(Some(settings.required("OUTBOUND_QUEUE_URL")?.to_owned()), None)),
            transport: Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            environment: local::environment()?.environment,
            public_base_url: settings.public_base_url()?,
        },
    };
    run_jobs(CONCURRENCY, async |job, delivery: &_| handler.handle(job, delivery).await).await
}
