//! Texts, calls and orders of Telnyx.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use telephony::app::numbers::purchase::notice::NoticeOrder;
use telephony::app::receive_message::ReceiveMessage;
use telephony::app::record_status::RecordStatus;
use telephony::app::route_cache::RouteCache;
use telephony::app::voice::brief::BriefCall;
use telephony::app::voice::hand_over::HandOver;
use telephony::app::voice::planner::Planner;
use telephony::app::voice::record::RecordCall;
use telephony::app::voice::recordings::RecordRecording;
use telephony::app::voice::steer::SteerCall;
use telephony::app::webhook::WebhookDoor;
use telephony_aws::{Clients, Profile};
use telephony_http::ReqwestTransport;
use telephony_lambda::Error;
use telephony_lambda::clock::{SystemClock, SystemRandom};
use telephony_lambda::config::Settings;
use telephony_lambda::local;
use telephony_lambda::runtime::{run_http, start};

/// How long a command may take: well within the time that the provider waits for us, which calls have
/// 10 seconds of (the application's `webhook_timeout_secs`).
const COMMAND_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a caller waits for an agent at a provider to be found, before somebody else takes the call.
const HAND_OVER_TIMEOUT: Duration = Duration::from_secs(2);

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
    let routes = Arc::new(RouteCache::new(store.clone()));
    let public_base_url = settings.public_base_url()?;
    let handler = handler::Handler {
        door: WebhookDoor {
            accounts: accounts.clone(),
            inbox: store.clone(),
            clock: Arc::new(SystemClock),
            signatures_disabled: local.signatures_disabled,
        },
        receive: ReceiveMessage { routes: routes.clone(), inbox: store.clone() },
        record: RecordStatus { reports: store.clone(), inbox: store.clone() },
        calls: RecordCall {
            routes,
            planner: Planner { agents: store.clone(), preferences: store.clone() },
            calls: store.clone(),
            inbox: store.clone(),
        },
        orders: NoticeOrder { purchases: store.clone() },
        recordings: RecordRecording { calls: store.clone(), recordings: store.clone(), inbox: store.clone() },
        answer: SteerCall {
            calls: store.clone(),
            brief: BriefCall {
                calls: store.clone(),
                hand_over: HandOver {
                    calls: store.clone(),
                    agents: store,
                    accounts: accounts.clone(),
                    transport: Arc::new(ReqwestTransport::new(HAND_OVER_TIMEOUT)?),
                    environment: local.environment.clone(),
                },
                random: Arc::new(SystemRandom),
                public_base_url: public_base_url.clone(),
            },
            transport: Arc::new(ReqwestTransport::new(COMMAND_TIMEOUT)?),
            environment: local.environment,
        },
        clock: Arc::new(SystemClock),
        public_base_url,
    };
    run_http(async |request| handler.handle(request).await).await
}
