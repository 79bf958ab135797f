//! Every operation that the registry has, as something that can be run against any transport.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use telephony::domain::purchase::Papers;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::audit::{Drift, NUMBER, Subject};
use telephony::provider::calling::{AnswerWith, CallCommand, CallQuery, Command, OutboundCall, RemoteAgent};
use telephony::provider::error::ProviderError;
use telephony::provider::messaging::{Callback, MessageQuery, OutboundText};
use telephony::provider::numbers::{
    NumberCapabilities, NumberKind, NumberOrder, NumberSearch, NumberSettings, TrunkNumber,
};
use telephony::provider::registry::{self, Factory};
use telephony::provider::transport::HttpTransport;
use telephony::provider::{Environment, ProviderId};
use telephony_testkit::fixture::fixture;

type Ran = Pin<Box<dyn Future<Output = Result<(), ProviderError>>>>;
/// Runs an operation over a transport.
pub(crate) type Run = Arc<dyn Fn(Arc<dyn HttpTransport>) -> Ran + Send + Sync>;

/// One operation of one capability at one provider.
pub(crate) struct Operation {
    pub(crate) provider: ProviderId,
    /// `messaging.send`
    pub(crate) name: &'static str,
    /// It makes something happen, so that a lost answer leaves its effect unknown.
    pub(crate) acts: bool,
    pub(crate) run: Run,
}

impl Operation {
    /// The provider offers it.
    pub(crate) fn is_offered(&self) -> bool {
        !fixture(self.provider).without.iter().any(|(name, _)| *name == self.name)
    }
}

struct Builder {
    provider: ProviderId,
    made: Vec<Operation>,
}

impl Builder {
    fn add<T: ?Sized + 'static, F, A>(
        &mut self,
        factory: Option<Factory<T>>,
        name: &'static str,
        acts: bool,
        call: F,
    ) where
        F: Fn(Box<T>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<(), ProviderError>> + 'static,
    {
        let Some(open) = factory else { return };
        let account = fixture(self.provider).account;
        let run: Run = Arc::new(move |transport| {
            let made = open(&account, &Environment::default(), transport);
            let call = call.clone();
            Box::pin(async move { call(made?).await })
        });
        self.made.push(Operation { provider: self.provider, name, acts, run });
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_767_621_900_000)
}

fn callback() -> Callback {
    Callback { base: "https://phone.example.com/prod".to_owned(), id: "01ABC.d-1".to_owned() }
}

fn text() -> OutboundText {
    OutboundText {
        from: "+14155550100".to_owned(),
        to: "+14155552671".to_owned(),
        body: "Hello".to_owned(),
        media_urls: Vec::new(),
        callback: callback(),
    }
}

fn call(provider: ProviderId) -> OutboundCall {
    let agent = RemoteAgent { id: "agent_1".to_owned(), version: None, variables: BTreeMap::new() };
    let then =
        if registry::agents(provider).is_some() { AnswerWith::Agent(agent) } else { AnswerWith::Webhook };
    OutboundCall {
        from: "+14155550100".to_owned(),
        to: "+14155552671".to_owned(),
        callback: callback(),
        then,
        machine_detection: None,
        record: false,
        ring_timeout: Duration::from_secs(30),
        time_limit: Some(Duration::from_secs(600)),
    }
}

fn sid(provider: ProviderId, kind: &str) -> telephony::domain::ids::ProviderSid {
    fixture(provider).sid(kind)
}

fn settings() -> NumberSettings {
    NumberSettings {
        webhooks: Some("https://phone.example.com/prod".to_owned()),
        mark: Some("tandem:test".to_owned()),
    }
}

pub(crate) fn all() -> Vec<Operation> {
    ProviderId::ALL.into_iter().flat_map(of_provider).collect()
}

fn of_provider(p: ProviderId) -> Vec<Operation> {
    let mut b = Builder { provider: p, made: Vec::new() };
    b.add(Some(registry::connection(p)), "connection.check", false, move |c| async move {
        c.check().await.map(drop)
    });

    let messaging = registry::messaging(p);
    b.add(messaging, "messaging.send", true, move |m| async move { m.send(&text()).await.map(drop) });
    b.add(
        messaging,
        "messaging.fetch",
        false,
        move |m| async move { m.fetch(&sid(p, "SM")).await.map(drop) },
    );
    b.add(messaging, "messaging.find", false, move |m| async move {
        let query = MessageQuery { from: "+14155550100".into(), to: "+14155552671".into(), since: now() };
        m.find(&query).await.map(drop)
    });

    let history = registry::inbound_history(p);
    b.add(history, "inbound_history.received", false, move |h| async move {
        h.received(now(), now().plus(Duration::from_secs(60)), None).await.map(drop)
    });
    b.add(
        history,
        "inbound_history.media",
        false,
        move |h| async move { h.media(&sid(p, "MM")).await.map(drop) },
    );

    let calling = registry::calling(p);
    b.add(calling, "calling.dial", true, move |c| async move { c.dial(&call(p)).await.map(drop) });
    b.add(
        calling,
        "calling.fetch",
        false,
        move |c| async move { c.fetch(sid(p, "CA").as_str()).await.map(drop) },
    );
    b.add(calling, "calling.find", false, move |c| async move {
        let query = CallQuery { from: "+14155550100".into(), to: "+14155552671".into(), since: now() };
        c.find(&query).await.map(drop)
    });
    b.add(calling, "calling.hang_up", true, move |c| async move { c.hang_up(sid(p, "CA").as_str()).await });

    b.add(registry::call_control(p), "call_control.answer", true, move |c| async move {
        let command = Command { act: CallCommand::Answer, id: "step-1".into(), state: Some("ref".into()) };
        c.command("v3:abc_def", &command).await.map(drop)
    });

    let recordings = registry::recordings(p);
    b.add(recordings, "recordings.of_call", false, move |r| async move {
        r.of_call(&sid(p, "CA")).await.map(drop)
    });
    // Elsewhere the link follows from the id, and nobody is asked.
    b.add(recordings.filter(|_| p == ProviderId::Telnyx), "recordings.link", false, move |r| async move {
        r.link(&sid(p, "RE")).await.map(drop)
    });
    b.add(recordings, "recordings.delete", true, move |r| async move { r.delete(&sid(p, "RE")).await });

    let numbers = registry::held_numbers(p);
    b.add(numbers, "held_numbers.list", false, move |n| async move { n.list(None).await.map(drop) });
    b.add(numbers, "held_numbers.find", false, move |n| async move {
        n.find(&"+14155550100".parse().unwrap()).await.map(drop)
    });
    b.add(numbers, "held_numbers.configure", true, move |n| async move {
        n.configure(&sid(p, "PN"), &settings()).await.map(drop)
    });
    b.add(numbers, "held_numbers.release", true, move |n| async move { n.release(&sid(p, "PN")).await });

    b.add(registry::number_transfers(p), "number_transfers.transfer", true, move |t| async move {
        let account = fixture(p).account;
        t.transfer(&sid(p, "PN"), &account, &account).await.map(drop)
    });

    let market = registry::number_market(p);
    b.add(market, "number_market.search", false, move |m| async move { m.search(&search()).await.map(drop) });
    b.add(market, "number_market.order", true, move |m| async move {
        let order = NumberOrder {
            phone: "+14155550100".parse().unwrap(),
            settings: settings(),
            papers: Papers::default(),
        };
        m.order(&order).await.map(drop)
    });
    b.add(market, "number_market.find_order", false, move |m| async move {
        let order = NumberOrder {
            phone: "+14155550100".parse().unwrap(),
            settings: settings(),
            papers: Papers::default(),
        };
        m.find_order(&order).await.map(drop)
    });

    b.add(registry::trunk_numbers(p), "trunk_numbers.import", true, move |t| async move {
        let number = TrunkNumber {
            phone: "+14155550100".parse().unwrap(),
            termination_uri: "demo.pstn.twilio.com".to_owned(),
            user: None,
            password: None,
            inbound_agent: Some("agent_1".to_owned()),
            outbound_agent: None,
            lookup_url: None,
            mark: None,
        };
        t.import(&number).await.map(drop)
    });

    let agents = registry::agents(p);
    b.add(agents, "agents.list", false, move |a| async move { a.list().await.map(drop) });
    b.add(agents, "agents.get", false, move |a| async move { a.get("agent_1").await.map(drop) });
    b.add(agents, "agents.set_webhook", true, move |a| async move {
        a.set_webhook("agent_1", "https://phone.example.com/prod/api/webhooks/retell").await.map(drop)
    });

    let audit = registry::webhook_audit(p);
    b.add(audit, "webhook_audit.numbers", false, move |a| async move { a.numbers(None).await.map(drop) });
    b.add(audit, "webhook_audit.read", false, move |a| async move { a.read(&audited(p).0).await.map(drop) });
    b.add(audit, "webhook_audit.repair", true, move |a| async move {
        let (subject, drift) = audited(p);
        a.repair(&subject, &[drift]).await
    });

    let subaccounts = registry::subaccounts(p);
    b.add(
        subaccounts,
        "subaccounts.open",
        true,
        move |s| async move { s.open("tandem:acme").await.map(drop) },
    );
    b.add(
        subaccounts,
        "subaccounts.find",
        false,
        move |s| async move { s.find("tandem:acme").await.map(drop) },
    );
    b.add(subaccounts, "subaccounts.set_active", true, move |s| async move {
        s.set_active(sid(p, "AC").as_str(), false).await
    });
    b.made
}

/// A number with a setting of the provider's that is not as it should be.
fn audited(p: ProviderId) -> (Subject, Drift) {
    let field = match p {
        ProviderId::Twilio | ProviderId::SignalWire => "sms_url",
        ProviderId::Telnyx => "messaging_profile_id",
        ProviderId::Retell => "inbound_webhook_url",
    };
    let phone = "+14155550100".parse().unwrap();
    let subject = Subject { phone: Some(phone), ..Subject::absent(NUMBER, sid(p, "PN").as_str()) };
    let expected = "https://phone.example.com/prod/api".to_owned();
    (subject, Drift { field, expected, found: String::new(), writable: true })
}

fn search() -> NumberSearch {
    NumberSearch {
        country: "US".to_owned(),
        kind: NumberKind::Local,
        area_code: Some("415".to_owned()),
        contains: None,
        capabilities: NumberCapabilities { voice: true, sms: true, mms: false },
        limit: 5,
    }
}
