//! Summaries, jobs and money that follow from the stream of the table.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::answer::Answer;
use telephony::app::emit::{Emit, Listeners};
use telephony::app::money::calls::CallCharges;
use telephony::app::project::Project;
use telephony::domain::price::PriceTable;
use telephony_aws::{Clients, Profile};
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::runtime::start;
use telephony_lambda::stream::run_stream;

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
    let queues = queues.with_events(Some(settings.required("EVENTS_QUEUE_URL")?.to_owned()), None);
    let queue = Arc::new(queues);
    let handler = handler::Handler {
        project: Project {
            projection: store.clone(),
            queue: queue.clone(),
            answer: Answer {
                outbox: store.clone(),
                templates: store.clone(),
                numbers: store.clone(),
                projection: store.clone(),
                prices: PriceTable::bundled(),
                clock: Arc::new(SystemClock),
            },
            emit: Emit {
                listeners: Listeners::new(store.clone(), store.clone()),
                log: store.clone(),
                numbers: store.clone(),
                queue,
                clock: Arc::new(SystemClock),
            },
            history: store.clone(),
            call_charges: CallCharges { charges: store.clone(), prices: PriceTable::bundled() },
            public_base_url: settings.public_base_url()?,
            calls: store,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        },
        clock: Arc::new(SystemClock),
    };
    run_stream(async |record: &_| handler.handle(record).await).await
}
