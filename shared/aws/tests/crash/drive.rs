//! Drives a world as production would: webhooks and clients that try again, stream records handed out
//! until they are projected, a queue that hands out again, a sweeper, and time that goes on.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::time::Duration;

use serde_json::Value;
use telephony::api::message::SendRequest;
use telephony::app::project::Change;
use telephony::domain::address::Address;
use telephony::domain::ids::MessageId;
use telephony::domain::message::MediaCopy;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Job, MediaRecords, Outbox};
use telephony::provider::webhooks::{InboundText, StatusReport};
use telephony_aws::dynamo::records::{self, Record};

use crate::cutting::Cutting;
use crate::support::samples::{CONTACT, OWN, at};
use crate::world::World;

/// The sweeper comes every minute.
const SWEEP: Duration = Duration::from_secs(60);
/// A client or provider tries again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// A world under way.
pub struct Drive {
    pub world: World,
    /// False: every callback is lost.
    pub callbacks: bool,
    images: HashMap<(String, String), Value>,
    /// What the stream hands out next.
    stream: VecDeque<Change>,
    /// What it will hand out a second time.
    again: VecDeque<Change>,
    reports: VecDeque<StatusReport>,
    next_sweep: Timestamp,
}

impl Drive {
    pub fn new(world: World, callbacks: bool) -> Self {
        Self {
            world,
            callbacks,
            images: HashMap::new(),
            stream: VecDeque::new(),
            again: VecDeque::new(),
            reports: VecDeque::new(),
            next_sweep: at(0),
        }
    }

    /// Has a process run until it succeeds, as a caller with patience does.
    async fn patiently<T, E, F: Future<Output = Result<T, E>>>(&self, process: impl Fn() -> F) -> T {
        for _ in 0..9 {
            if let Some(Ok(done)) = self.world.fuse.process(process()).await {
                return done;
            }
            self.world.clock.reach(self.world.now().plus(AGAIN));
        }
        panic!("a caller gave up");
    }

    /// A client sends a text under a key, until it has an answer.
    pub async fn send(&self, body: &str, send_at: Option<Timestamp>) -> MessageId {
        self.send_under("key", body, send_at).await
    }

    /// The same, under a key of the caller's choice.
    pub async fn send_under(&self, key: &str, body: &str, send_at: Option<Timestamp>) -> MessageId {
        let request = SendRequest {
            to: CONTACT.into(),
            from: Some(OWN.into()),
            message: Some(body.into()),
            send_at: send_at.map(|at| at.to_string()),
            ..SendRequest::default()
        };
        let (send, caller) = (&self.world.send, &self.world.caller);
        self.patiently(|| send.send(caller, &request, Some(key))).await.view.message.id
    }

    /// The contact texts us.
    pub async fn text(&self, sid: &str, body: &str) {
        let world = &self.world;
        let (receive, account) = (&world.receive, world.account());
        let text = inbound(sid, body);
        let process = || receive.receive(world.provider_id, &account, text.clone(), world.now());
        self.patiently(process).await;
    }

    /// A client withdraws a text.
    pub async fn cancel(&self, id: MessageId) -> bool {
        let world = &self.world;
        let outbox = Cutting { inner: world.store.clone(), fuse: world.fuse.clone() };
        self.patiently(|| outbox.cancel(&world.tenant, id, world.now())).await
    }

    /// Somebody else's job for the same message: a queue hands out at least once.
    pub async fn deliver(&self, id: MessageId) {
        let world = &self.world;
        let _ = world.fuse.process(world.deliver.deliver(&world.tenant, id)).await;
    }

    /// Drives it until nothing is left to do, or `horizon` is over. True: it is at rest.
    pub async fn settle(&mut self, horizon: Duration) -> bool {
        let end = self.world.now().plus(horizon);
        loop {
            self.watch();
            if self.feed().await || self.report().await || self.work().await {
                continue;
            }
            let next = [self.world.queue.next(), self.world.provider.next(), self.sweep_at()];
            let Some(next) = next.into_iter().flatten().min() else { return true };
            if next > end {
                return false;
            }
            self.world.clock.reach(next);
            if self.sweep_at().is_some_and(|at| at <= self.world.now()) {
                self.next_sweep = self.world.now().plus(SWEEP);
                let world = &self.world;
                let _ = world.fuse.process(world.sweep.sweep(world.now())).await;
            }
        }
    }

    /// When a sweep would find something.
    fn sweep_at(&self) -> Option<Timestamp> {
        let due = self.images.values().filter_map(|item| item["GSI2SK"]["S"].as_str()).min()?;
        let due = Timestamp::parse_rfc3339(due.split('#').next()?).expect("a due time");
        Some(due.plus(Duration::from_millis(1)).max(self.next_sweep))
    }

    /// What has changed since the last look becomes records of the stream.
    pub fn watch(&mut self) {
        let items = self.world.items();
        for (key, item) in &items {
            let before = self.images.get(key);
            if before == Some(item) {
                continue;
            }
            match records::read(item).expect("a readable item") {
                Record::Message(view) if before.is_none() => self.stream.push_back(Change::Added(view)),
                Record::Attempt { attempt, state } => {
                    self.stream.push_back(Change::AttemptMoved(attempt, state));
                }
                Record::Message(_)
                | Record::Leg { .. }
                | Record::Number(_)
                | Record::Recording(_)
                | Record::Other => {}
            }
        }
        self.images = items;
    }

    /// Projects the next record; each is handed out twice, the second time whenever there is nothing
    /// new, so late and out of order. A record that fails comes again.
    pub async fn feed(&mut self) -> bool {
        let fresh = !self.stream.is_empty();
        let Some(change) = self.stream.pop_front().or_else(|| self.again.pop_back()) else { return false };
        let world = &self.world;
        match world.fuse.process(world.project.project(&change)).await {
            Some(Ok(_)) if fresh => self.again.push_back(change),
            Some(Ok(_)) => {}
            Some(Err(_)) | None if fresh => self.stream.push_front(change),
            Some(Err(_)) | None => self.again.push_back(change),
        }
        true
    }

    /// The provider calls back.
    pub async fn report(&mut self) -> bool {
        let due = self.world.provider.reports();
        if self.callbacks {
            self.reports.extend(due);
        }
        let Some(report) = self.reports.pop_front() else { return false };
        if !self.tell(&report).await {
            self.reports.push_front(report);
        }
        true
    }

    /// One callback. False: the provider is to call again.
    pub async fn tell(&self, report: &StatusReport) -> bool {
        let world = &self.world;
        let account = world.account();
        let process = world.record.record(world.provider_id, &account, report, world.now());
        matches!(world.fuse.process(process).await, Some(Ok(_)))
    }

    /// The worker takes a job.
    pub async fn work(&self) -> bool {
        let world = &self.world;
        let Some((receipt, job)) = world.queue.receive() else { return false };
        match &job {
            Job::Send { tenant, message } => {
                if let Some(Ok(())) = world.fuse.process(world.deliver.deliver(tenant, *message)).await {
                    world.queue.delete(receipt);
                }
            }
            Job::CopyMedia { tenant, message, index } => {
                // Copying is tested with its own worker; here somebody has done it.
                let copy = MediaCopy::Failed { reason: "none".into() };
                world.store.set_copy(tenant, *message, *index, &copy, world.now()).await.unwrap();
                world.queue.delete(receipt);
            }
            other => panic!("no {other:?} here"),
        }
        true
    }
}

/// A text of the contact.
pub fn inbound(sid: &str, body: &str) -> InboundText {
    InboundText {
        sid: sid.parse().unwrap(),
        from: Address::parse(CONTACT),
        to: Address::parse(OWN),
        body: body.into(),
        segments: None,
        media: Vec::new(),
        answered_by_provider: false,
    }
}
