//! Retell AI.

mod agents;
mod calls;
mod documents;
mod errors;
mod numbers;
mod signatures;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use serde_json::Value;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::agents::Agents;
use telephony::provider::calling::{AnswerWith, CallQuery, Calling, OutboundCall, RemoteAgent};
use telephony::provider::connection::Connection;
use telephony::provider::messaging::Callback;
use telephony::provider::numbers::{HeldNumbers, TrunkNumber, TrunkNumbers};
use telephony::provider::registry::{self, Factory};
use telephony::provider::{Environment, ProviderId};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::retell::{OURS, THEIRS, account};

const URL: &str = "https://phone.example.com/prod/api/webhooks/retell";
const API: &str = "https://api.retellai.com";

fn make<T: ?Sized>(factory: Factory<T>, transport: &Arc<ReplayTransport>) -> Box<T> {
    factory(&account(), &Environment::default(), transport.clone()).ok().unwrap()
}

fn calls(transport: &Arc<ReplayTransport>) -> Box<dyn Calling> {
    make(registry::calling(ProviderId::Retell).unwrap(), transport)
}

fn held(transport: &Arc<ReplayTransport>) -> Box<dyn HeldNumbers> {
    make(registry::held_numbers(ProviderId::Retell).unwrap(), transport)
}

fn trunks(transport: &Arc<ReplayTransport>) -> Box<dyn TrunkNumbers> {
    make(registry::trunk_numbers(ProviderId::Retell).unwrap(), transport)
}

fn agents(transport: &Arc<ReplayTransport>) -> Box<dyn Agents> {
    make(registry::agents(ProviderId::Retell).unwrap(), transport)
}

fn connection(transport: &Arc<ReplayTransport>) -> Box<dyn Connection> {
    make(registry::connection(ProviderId::Retell), transport)
}

fn outbound() -> OutboundCall {
    OutboundCall {
        from: OURS.to_owned(),
        to: THEIRS.to_owned(),
        callback: Callback { base: "https://phone.example.com/prod".to_owned(), id: "01ABC.d-1".to_owned() },
        then: AnswerWith::Agent(RemoteAgent {
            id: "agent_0000000000000001".to_owned(),
            version: Some("3".to_owned()),
            variables: [("customer_name".to_owned(), "Zoë".to_owned())].into(),
        }),
        machine_detection: None,
        record: false,
        ring_timeout: Duration::from_secs(45),
        time_limit: Some(Duration::from_secs(600)),
    }
}

fn query() -> CallQuery {
    CallQuery {
        from: OURS.to_owned(),
        to: THEIRS.to_owned(),
        since: Timestamp::from_millis(1_767_621_880_000),
    }
}

fn trunk_number() -> TrunkNumber {
    TrunkNumber {
        phone: OURS.parse().unwrap(),
        termination_uri: "tandem.pstn.twilio.com".to_owned(),
        user: Some(telephony::domain::secret::Secret::new("trunk-user")),
        password: Some(telephony::domain::secret::Secret::new("trunk-password")),
        inbound_agent: Some("agent_0000000000000001".to_owned()),
        outbound_agent: Some("agent_0000000000000002".to_owned()),
        lookup_url: Some(URL.to_owned()),
        mark: Some("tandem prod".to_owned()),
    }
}

fn body(request: &Request<bytes::Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}
