//! The history of calls, the mailbox, and signatures for a session border controller of the customer's own.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use telephony::app::stir::{PublishCertificates, SignCalls, VerifyCalls};
use telephony::app::voice::history::History;
use telephony::app::voice::mailbox::Mailbox;
use telephony_aws::{Clients, Profile};
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
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
    let keyrings = Arc::new(clients.stir(settings.required("STIR_SECRET_ID")?));
    let clock = Arc::new(SystemClock);
    let base = settings.public_base_url()?;
    let links = Arc::new(clients.bucket(settings.required("MEDIA_BUCKET")?));
    let default_country = settings.optional("DEFAULT_COUNTRY").unwrap_or("US").to_owned();
    let handler = handler::Handler {
        sign: SignCalls {
            keyrings: keyrings.clone(),
            numbers: store.clone(),
            signatures: store.clone(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            base: base.clone(),
            default_country: default_country.clone(),
        },
        verify: VerifyCalls { keyrings: keyrings.clone(), clock, base, default_country },
        publish: PublishCertificates { keyrings },
        history: History {
            calls: store.clone(),
            history: store.clone(),
            links: links.clone(),
            agents: store.clone(),
            clock: Arc::new(SystemClock),
        },
        mailbox: Mailbox {
            voicemails: store.clone(),
            recordings: store.clone(),
            links,
            clock: Arc::new(SystemClock),
        },
        clients: store,
        claims: ClaimNames::of(&settings)?,
    };
    run_http(async |request| handler.handle(request).await).await
}
