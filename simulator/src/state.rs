//! Everything the simulator remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::{Duration, OffsetDateTime};

use crate::{
    app::Settings,
    clock::{Clock, Mode, later, rfc3339},
    delivery::Delivery,
    events::Queue,
    faults::Faults,
    hooks::Hooks,
    journal::{CallbackEntry, InboxEntry, Journal, RequestEntry, Violation},
    media::Media,
    model::{Account, Message, Number, Provider},
    phones::Phone,
    resource::Shelf,
    retell, seed, telnyx, voice,
};

pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) step: Duration,
    pub(crate) queue: Queue,
    pub(crate) faults: Faults,
    /// By sid; sids of the providers cannot collide.
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) numbers: BTreeMap<(Provider, String), Number>,
    pub(crate) messages: Messages,
    /// By sid.
    pub(crate) media: HashMap<String, Media>,
    /// CDN token → media sid and the end of the token's life.
    pub(crate) cdn_tokens: HashMap<String, (String, OffsetDateTime)>,
    pub(crate) phones: BTreeMap<String, Phone>,
    /// (own number, phone) pairs that Twilio itself refuses with 21610; at Telnyx (profile, phone), refused with 40300.
    pub(crate) stopped: BTreeSet<(String, String)>,
    /// Numbers that are offered, but no longer there when one tries to buy them.
    pub(crate) snatched: BTreeSet<String>,
    /// Callbacks that a `reorder` fault holds back until the next one of the same message has gone out.
    pub(crate) held: HashMap<String, Vec<Delivery>>,
    /// Public URL prefix → loopback prefix under which a callback is delivered.
    pub(crate) origins: BTreeMap<String, String>,
    pub(crate) requests: Journal<RequestEntry>,
    pub(crate) callbacks: Journal<CallbackEntry>,
    pub(crate) violations: Journal<Violation>,
    pub(crate) inbox: Journal<InboxEntry>,
    pub(crate) telnyx: telnyx::World,
    pub(crate) retell: retell::World,
    /// Calls of Twilio and SignalWire.
    pub(crate) voice: voice::World,
    /// Twilio's messaging services.
    pub(crate) services: Shelf,
    /// `http://127.0.0.1:PORT`
    pub(crate) base: String,
    /// Origin of the media CDN.
    pub(crate) cdn: String,
    pub(crate) hooks: Hooks,
}

impl State {
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        let mut state = Self {
            clock: Clock::new(settings.mode),
            step: Duration::milliseconds(i64::try_from(settings.step_ms).unwrap_or(i64::MAX)),
            queue: Queue::default(),
            faults: Faults::default(),
            accounts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            messages: Messages::default(),
            media: HashMap::new(),
            cdn_tokens: HashMap::new(),
            phones: BTreeMap::new(),
            stopped: BTreeSet::new(),
            snatched: BTreeSet::new(),
            held: HashMap::new(),
            origins: BTreeMap::new(),
            requests: Journal::default(),
            callbacks: Journal::default(),
            violations: Journal::default(),
            inbox: Journal::default(),
            telnyx: telnyx::World::default(),
            retell: retell::World::default(),
            voice: voice::World::default(),
            services: Shelf::default(),
            base: settings.base.clone(),
            cdn: settings.cdn.clone(),
            hooks: Hooks::default(),
        };
        if let Some(seed) = &settings.seed {
            seed::plant(&mut state, seed)?;
        }
        Ok(state)
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// What signatures with a time in them carry. Verifiers compare it with the wall clock, so that it is the wall
    /// clock's unless time stands still.
    pub(crate) fn signing_time(&self) -> OffsetDateTime {
        match self.clock.mode() {
            Mode::Real => OffsetDateTime::now_utc(),
            Mode::Manual => self.now(),
        }
    }

    pub(crate) fn timestamp(&self) -> String {
        rfc3339(self.now())
    }

    /// Queues an event for `steps` steps of life from now.
    pub(crate) fn after_steps(&self, steps: i32) -> OffsetDateTime {
        later(self.now(), self.step * steps)
    }

    pub(crate) fn violation(&mut self, kind: &'static str, detail: String) {
        let at = self.timestamp();
        self.violations.add(|id| Violation { id, at, kind, detail });
    }

    /// The number's owner, at any provider unless one is named.
    pub(crate) fn owned_number(&self, phone_number: &str, provider: Option<Provider>) -> Option<&Number> {
        self.numbers.values().find(|number| {
            number.phone_number == phone_number && provider.is_none_or(|p| p == number.provider)
        })
    }
}

/// Messages in the order of their creation.
#[derive(Default)]
pub(crate) struct Messages {
    by_order: BTreeMap<u64, Message>,
    order_of: HashMap<String, u64>,
    next: u64,
}

impl Messages {
    /// A message with the same sid is replaced and keeps its place.
    pub(crate) fn insert(&mut self, message: Message) {
        let order = *self.order_of.entry(message.sid.clone()).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.by_order.insert(order, message);
    }

    pub(crate) fn get(&self, sid: &str) -> Option<&Message> {
        self.by_order.get(self.order_of.get(sid)?)
    }

    pub(crate) fn get_mut(&mut self, sid: &str) -> Option<&mut Message> {
        self.by_order.get_mut(self.order_of.get(sid)?)
    }

    pub(crate) fn remove(&mut self, sid: &str) -> Option<Message> {
        self.by_order.remove(&self.order_of.remove(sid)?)
    }

    /// Newest first, as both providers list them.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.by_order.values().rev()
    }
}
