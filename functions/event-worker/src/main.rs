//! Tells customers' systems what happened, and has agents answer texts.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::agent_answer::AgentAnswer;
use telephony::app::hand_out::HandOut;
use telephony::app::post_event::PostEvent;
use telephony::app::replay::Replay;
use telephony::app::sign_event::OpenedSecrets;
use telephony::domain::price::PriceTable;
use telephony_aws::{Clients, Profile};
use telephony_http::WebhookPoster;
use telephony_lambda::Error;
use telephony_lambda::batch::run_jobs;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::runtime::start;

/// How long a customer's system may take.
const POST_WITHIN: Duration = Duration::from_secs(15);
/// Jobs of a batch at a time: they wait for others most of their time. Those of one thread stay in order.
const CONCURRENCY: usize = 10;

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let clients = Clients::from_env(Profile::Worker)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    let environment = local::environment()?.environment;
    let retries = Some(settings.required("EVENT_RETRIES_QUEUE_URL")?.to_owned());
    let queue = Arc::new(clients.queues(None, None).with_events(None, retries));
    let clock = Arc::new(SystemClock);
    let post = Arc::new(PostEvent {
        deliveries: store.clone(),
        log: store.clone(),
        endpoints: store.clone(),
        agents: store.clone(),
        secrets: OpenedSecrets::new(Arc::new(clients.seals(settings.required("SECRETS_KEY_ID")?))),
        poster: Arc::new(WebhookPoster::new(POST_WITHIN, &environment)?),
        notices: Arc::new(handler::Counted),
        answer: AgentAnswer {
            messages: store.clone(),
            outbox: store.clone(),
            prices: PriceTable::bundled(),
            environment,
            clock: clock.clone(),
        },
        queue: queue.clone(),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
    });
    let hand_out = HandOut {
        log: store.clone(),
        deliveries: store.clone(),
        endpoints: store.clone(),
        post: Arc::clone(&post),
        queue: queue.clone(),
        clock: clock.clone(),
    };
    let replay = Replay { log: store.clone(), deliveries: store.clone(), endpoints: store, queue, clock };
    let handler = handler::Handler { hand_out, post, replay };
    run_jobs(CONCURRENCY, async |job, delivery: &_| handler.handle(job, delivery).await).await
}
