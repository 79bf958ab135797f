//! Messages that callers left, and what was said in them, as Twilio and SignalWire report them.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::voice::recordings::RecordRecording;
use telephony::app::webhook::WebhookDoor;
use telephony_aws::{Clients, Profile};
use telephony_lambda::Error;
use telephony_lambda::clock::SystemClock;
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::runtime::{run_http, start};

fn main() -> ExitCode {
    start(run)
}

async fn run() -> Result<(), Error> {
    let settings = Settings::from_process();
    let local = local::environment()?;
    let clients = Clients::from_env(Profile::Webhook)?;
    let store = Arc::new(clients.store(settings.table_name()?));
    let (secret, key) = settings.credentials()?;
    let accounts = Arc::new(clients.directory(&store, secret, key));
    accounts.warm_up().await;
    let handler = handler::Handler {
        door: WebhookDoor {
            accounts,
            inbox: store.clone(),
            clock: Arc::new(SystemClock),
            signatures_disabled: local.signatures_disabled,
        },
        record: RecordRecording { calls: store.clone(), recordings: store.clone(), inbox: store },
        clock: Arc::new(SystemClock),
        public_base_url: settings.public_base_url()?,
    };
    run_http(async |request| handler.handle(request).await).await
}
