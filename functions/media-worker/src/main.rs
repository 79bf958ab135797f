//! Copies inbound media and recordings from the providers to S3.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::copy_media::CopyMedia;
use telephony::app::copy_recording::CopyRecording;
use telephony_aws::{Clients, Profile};
use telephony_http::{FetchLimits, MediaFetcher, ReqwestTransport};
use telephony_lambda::Error;
use telephony_lambda::batch::run_jobs;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::runtime::start;

/// The largest file that is copied: far above what carriers let through, far below what would cost
/// a fortune.
const LIMITS: FetchLimits =
    FetchLimits { bytes: 128 * 1024 * 1024, read: Duration::from_secs(10), total: Duration::from_secs(45) };
/// How long a provider may take to say where a recording is.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(8);
/// One at a time: memory is bounded by the parts of one copy.
const CONCURRENCY: usize = 1;

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    let environment = local::environment()?.environment;
    let (secret, key) = settings.credentials()?;
    let accounts = Arc::new(clients.directory(&store, secret, key));
    let downloader = Arc::new(handler::GuardedDownloader(MediaFetcher::new(LIMITS, &environment)?));
    let bucket = Arc::new(clients.bucket(settings.required("MEDIA_BUCKET")?));
    let queue = Arc::new(clients.queues(None, Some(settings.required("MEDIA_QUEUE_URL")?.to_owned())));
    let handler = handler::Handler {
        recordings: CopyRecording {
            records: store.clone(),
            accounts: accounts.clone(),
            transport: Arc::new(ReqwestTransport::new(PROVIDER_TIMEOUT)?),
            downloader: downloader.clone(),
            store: bucket.clone(),
            queue: queue.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            environment: environment.clone(),
        },
        copy: CopyMedia {
            records: store,
            accounts,
            downloader,
            store: bucket,
            queue,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            environment,
        },
    };
    run_jobs(CONCURRENCY, async |job, delivery: &_| handler.handle(job, delivery).await).await
}
