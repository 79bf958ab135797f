//! An inbound message's whole way, with the code of the functions but in process: every operation is
//! counted, nothing is timed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use telephony::app::answer::Answer;
use telephony::app::emit::{Emit, Listeners};
use telephony::app::money::calls::CallCharges;
use telephony::app::project::{Change, Project};
use telephony::app::receive_message::{ReceiveMessage, Received};
use telephony::app::route_cache::RouteCache;
use telephony::domain::address::Address;
use telephony::domain::ids::{NumberId, TenantId};
use telephony::domain::number::{Holding, NumberStatus, PhoneNumber};
use telephony::domain::price::PriceTable;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Job, Messages, Numbers, Queue, Random, StoreError};
use telephony::provider::webhooks::InboundText;
use telephony_aws::{Clients, Profile, Store};

use crate::engine::TABLE;
use crate::events::{Account, TENANT};
use crate::tally::{Counted, Tally};
use crate::{Error, cloud::Cloud, engine, events};

/// What one message cost.
#[derive(Clone, Debug)]
pub struct Path {
    /// In the webhook, with a warm route.
    pub request: Counted,
    /// In the projector.
    pub projector: Counted,
    /// Jobs that were queued.
    pub jobs: u32,
}

/// The table behind an endpoint.
pub fn store(endpoint: &str) -> Store {
    let keys = Credentials::new("bench", "bench", None, None, "bench");
    Clients::new(Profile::Worker, "us-east-1".to_owned(), keys, Some(endpoint.to_owned())).store(TABLE)
}

/// Gives an account's number to the tenant.
///
/// # Errors
/// When the store fails.
pub async fn hold_number(store: &Store, account: &Account) -> Result<(), Error> {
    let tenant: TenantId = TENANT.parse()?;
    let number = PhoneNumber {
        id: NumberId::derived(&["bench", account.number]),
        tenant,
        phone: account.number.parse()?,
        provider: account.provider.parse()?,
        account: account.id.parse()?,
        own_account: false,
        user: None,
        agent: None,
        auto_answer: None,
        routes: Vec::new(),
        display_name: "Bench".to_owned(),
        is_active: true,
        is_primary: true,
        voice: true,
        sid: None,
        voice_via: None,
        sms: true,
        mms: true,
        status: NumberStatus::Active,
        holding: Holding::default(),
        version: 0,
        created_at: Timestamp::from_millis(1_795_248_000_000),
    };
    Numbers::put(store, &number).await?;
    Ok(())
}

/// Sends one text the whole way and counts. Two go before it, so that routes and months are known.
///
/// # Errors
/// When the store fails.
pub async fn inbound(body: &str) -> Result<Path, Error> {
    let tally = Tally::default();
    let cloud = Cloud::new(engine::start().await?, events::secret(), tally.clone());
    let store = Arc::new(store(&cloud.listen(None).await?));
    hold_number(&store, &events::TWILIO).await?;
    let (queue, clock) = (Arc::new(Jobs::default()), Arc::new(Ticking::default()));
    let receive = ReceiveMessage { routes: Arc::new(RouteCache::new(store.clone())), inbox: store.clone() };
    let project = Project {
        projection: store.clone(),
        queue: queue.clone(),
        answer: Answer {
            outbox: store.clone(),
            templates: store.clone(),
            numbers: store.clone(),
            projection: store.clone(),
            prices: PriceTable::bundled(),
            clock: clock.clone(),
        },
        emit: Emit {
            listeners: Listeners::new(store.clone(), store.clone()),
            log: store.clone(),
            numbers: store.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
        },
        history: store.clone(),
        calls: store.clone(),
        call_charges: CallCharges { charges: store.clone(), prices: PriceTable::bundled() },
        public_base_url: "https://tandem.example".to_owned(),
        clock: clock.clone(),
        random: clock.clone(),
    };
    let (provider, account) = (events::TWILIO.provider.parse()?, events::TWILIO.id.parse()?);
    let mut path = Err("nothing was sent".into());
    for n in 0..3 {
        let text = InboundText {
            sid: format!("SM{n:032x}").parse()?,
            from: Address::parse("+14155550123"),
            to: Address::parse(events::TWILIO.number),
            body: body.to_owned(),
            segments: None,
            media: Vec::new(),
            answered_by_provider: false,
        };
        tally.take();
        let Received::New(id) = receive.receive(provider, &account, text, clock.now()).await? else {
            return Err("the text was not stored".into());
        };
        let request = tally.take();
        let view = Messages::message(store.as_ref(), &TENANT.parse()?, id).await?.ok_or("no message")?;
        tally.take();
        queue.0.store(0, Ordering::SeqCst);
        project.project(&Change::Added(Box::new(view))).await?;
        path = Ok(Path { request, projector: tally.take(), jobs: queue.0.load(Ordering::SeqCst) });
    }
    path
}

#[derive(Default)]
struct Jobs(AtomicU32);

#[async_trait]
impl Queue for Jobs {
    async fn enqueue(&self, _: &Job, _: Duration) -> Result<(), StoreError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// A second passes with each look: messages have an order.
#[derive(Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let seconds = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_millis(1_795_248_000_000 + seconds * 1_000)
    }
}

impl Random for Ticking {
    fn ulid(&self, _: Timestamp) -> u128 {
        1
    }

    fn up_to(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}
