//! One deployment of events in memory, and its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use telephony::app::agent_answer::AgentAnswer;
use telephony::app::emit::{Emit, Listeners};
use telephony::app::hand_out::HandOut;
use telephony::app::post_event::{Notices, PostEvent};
use telephony::app::replay::{Replay, Wish};
use telephony::app::sign_event::OpenedSecrets;
use telephony::app::sweep::Sweep;
use telephony::domain::endpoint::{Delivery, DeliveryRef, Endpoint, Sealed};
use telephony::domain::event::NewEvent;
use telephony::domain::ids::TenantId;
use telephony::domain::price::PriceTable;
use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::*;
use telephony::provider::Environment;

use crate::consumer::Consumer;
use crate::cutting::Cutting;
use crate::fuse::{Cut, Fuse};
use crate::line::{Counting, FakeClock, Line};
use crate::support::happenings::{endpoint, event, thread};
use crate::support::samples::{at, page, tenant};
use crate::support::{Table, table};

/// Seals by writing the context beside the secret, and opens in the same context only.
pub struct OpenBox;

#[async_trait]
impl SecretBox for OpenBox {
    async fn seal(&self, context: &SealContext, plain: &Secret) -> Result<Sealed, StoreError> {
        Ok(Sealed(format!("{context:?}|{}", plain.expose())))
    }

    async fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<Secret, StoreError> {
        let plain = sealed.0.strip_prefix(&format!("{context:?}|"));
        plain.map(Secret::new).ok_or_else(|| StoreError::Corrupt("sealed secret".into()))
    }
}

#[derive(Default)]
pub struct Disabled(pub AtomicU32);

impl Notices for Disabled {
    fn endpoint_disabled(&self, _: Timestamp) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub struct World {
    pub table: Table,
    pub tenant: TenantId,
    pub clock: Arc<FakeClock>,
    pub fuse: Arc<Fuse>,
    pub line: Arc<Line>,
    pub consumer: Arc<Consumer>,
    pub disabled: Arc<Disabled>,
    pub emit: Arc<Emit>,
    pub hand_out: Arc<HandOut>,
    pub post: Arc<PostEvent>,
    pub replay: Arc<Replay>,
    pub sweep: Arc<Sweep>,
}

impl World {
    pub async fn new(cuts: &[Cut]) -> Self {
        let table = table().await;
        let plain = Arc::new(table.store.clone());
        let clock = Arc::new(FakeClock::new(at(0)));
        let fuse = Fuse::new(cuts);
        let line = Arc::new(Line::new(Arc::clone(&clock)));
        let consumer = Arc::new(Consumer::new(Arc::clone(&clock)));
        let disabled = Arc::new(Disabled::default());
        let store = Arc::new(Cutting { inner: table.store.clone(), fuse: Arc::clone(&fuse) });
        let queue = Arc::new(Cutting { inner: Arc::clone(&line), fuse: Arc::clone(&fuse) });
        let emit = Emit {
            listeners: Listeners::new(plain.clone(), plain.clone()),
            log: store.clone(),
            numbers: plain.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
        };
        let post = Arc::new(PostEvent {
            deliveries: store.clone(),
            log: store.clone(),
            endpoints: store.clone(),
            agents: plain.clone(),
            answer: AgentAnswer {
                messages: plain.clone(),
                outbox: store.clone(),
                prices: PriceTable::bundled(),
                environment: Environment::default(),
                clock: clock.clone(),
            },
            secrets: OpenedSecrets::new(Arc::new(OpenBox)),
            poster: Arc::new(Cutting { inner: Arc::clone(&consumer), fuse: Arc::clone(&fuse) }),
            notices: disabled.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
            random: Arc::new(Counting::default()),
        });
        let hand_out = HandOut {
            log: store.clone(),
            deliveries: store.clone(),
            endpoints: store.clone(),
            post: Arc::clone(&post),
            queue: queue.clone(),
            clock: clock.clone(),
        };
        let replay = Replay {
            log: store.clone(),
            deliveries: store.clone(),
            endpoints: store.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
        };
        let sweep = Sweep {
            pending: plain.clone(),
            media: plain.clone(),
            recordings: plain,
            deliveries: store,
            queue,
        };
        Self {
            table,
            tenant: tenant("demo"),
            clock,
            fuse,
            line,
            consumer,
            disabled,
            emit: Arc::new(emit),
            hand_out: Arc::new(hand_out),
            post,
            replay: Arc::new(replay),
            sweep: Arc::new(sweep),
        }
    }

    /// An endpoint of this name, whose address holds it.
    pub async fn endpoint(&self, name: &str) -> Endpoint {
        let made = endpoint(&self.tenant, name, at(0));
        let context = SealContext {
            tenant: self.tenant.clone(),
            owner: made.id.to_string(),
            purpose: "event-endpoint",
        };
        let secret = OpenBox.seal(&context, &Secret::new(SECRET)).await.unwrap();
        let made = Endpoint { secret, ..made };
        assert!(self.table.store.add_endpoint(&made, 20).await.unwrap());
        made
    }

    /// Event `n` of thread `of` happens; whoever sees it comes again until it is told.
    pub async fn happens(&self, of: u64, n: u64) -> NewEvent {
        let event = event(&self.tenant, thread(of), n, self.clock.now());
        for _ in 0..9 {
            if let Some(Ok(())) = self.fuse.process(self.emit.emit(&event)).await {
                return event;
            }
        }
        panic!("never told");
    }

    async fn work(&self, job: Job) -> bool {
        let run = async {
            match job {
                Job::HandOut { tenant, event, thread } => {
                    self.hand_out.hand_out(&tenant, event, thread).await
                }
                Job::Redeliver { tenant, event, target } => {
                    self.post.redeliver(&DeliveryRef { tenant, event, target }).await
                }
                Job::Replay { tenant, endpoint, replay, since, until, cursor } => {
                    let wish = Wish { tenant, endpoint, replay, since, until };
                    self.replay.page(&wish, cursor.as_deref()).await
                }
                Job::Send { .. } | Job::CopyMedia { .. } | Job::CopyRecording { .. } => Ok(()),
            }
        };
        matches!(self.fuse.process(run).await, Some(Ok(())))
    }

    /// Works off what can be seen now.
    pub async fn settle(&self) {
        while let Some((receipt, job)) = self.line.receive() {
            if self.work(job).await {
                self.line.delete(receipt);
            }
        }
    }

    /// Lets `time` pass, with a sweep every minute at which there is something to sweep.
    pub async fn pass(&self, time: Duration) {
        let end = self.clock.now().plus(time);
        loop {
            self.settle().await;
            let _ = self.fuse.process(self.sweep.sweep(self.clock.now())).await;
            self.settle().await;
            let far = self.table.store.overdue(end, 1).await.unwrap();
            let marked = far.first().map(|delivery| delivery.due.plus(Duration::from_secs(30)));
            let next = self.line.next().into_iter().chain(marked).min();
            match next {
                Some(next) if next <= end => {
                    self.clock.reach(next.max(self.clock.now().plus(Duration::from_millis(500))))
                }
                Some(_) | None => break,
            }
        }
        self.clock.reach(end);
    }

    pub async fn deliveries(&self, endpoint: &Endpoint) -> Vec<Delivery> {
        self.table.store.of_endpoint(&self.tenant, endpoint.id, &page(100, None)).await.unwrap().items
    }

    pub async fn stored(&self, endpoint: &Endpoint) -> Endpoint {
        self.table.store.endpoint(&self.tenant, endpoint.id).await.unwrap().unwrap()
    }
}
