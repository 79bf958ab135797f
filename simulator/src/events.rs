//! The one queue of things to come, in the order of virtual time.

use std::{collections::BTreeMap, time::Duration as StdDuration};

use time::{Duration, OffsetDateTime};

use crate::{
    app::Shared,
    callbacks,
    clock::{Mode, later},
    delivery::Delivery,
    inbound,
    model::Provider,
    retell, telnyx,
    twilio_compat::life,
    voice,
};

pub(crate) enum Event {
    /// The message takes its next step.
    Step(String),
    Deliver(Box<Delivery>),
    /// Telnyx: a number order comes to its end.
    SettleOrder(String),
    /// Telnyx: something happens to a call.
    Call(Box<telnyx::Timer>),
    /// The same at Retell.
    RetellCall(Box<retell::Timer>),
    /// The same at Twilio and SignalWire.
    Voice(Box<voice::Timer>),
}

impl Event {
    fn is_patience(&self) -> bool {
        match self {
            Self::Call(timer) => timer.is_patience(),
            Self::RetellCall(timer) => timer.is_patience(),
            Self::Voice(timer) => timer.is_patience(),
            Self::Step(_) | Self::Deliver(_) | Self::SettleOrder(_) => false,
        }
    }
}

#[derive(Default)]
pub(crate) struct Queue {
    /// By due time, then by the order in which they were queued.
    events: BTreeMap<(OffsetDateTime, u64), Event>,
    next: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, due: OffsetDateTime, event: Event) {
        self.next += 1;
        self.events.insert((due, self.next), event);
    }

    /// How much is under way. Patience that may run out one day does not count: a call that is up would have something
    /// pending for hours.
    pub(crate) fn len(&self) -> usize {
        self.events.values().filter(|event| !event.is_patience()).count()
    }

    fn next_due(&self) -> Option<OffsetDateTime> {
        self.events.keys().next().map(|(due, _)| *due)
    }

    fn pop_due(&mut self, until: OffsetDateTime) -> Option<(OffsetDateTime, Event)> {
        let key = *self.events.keys().next().filter(|(due, _)| *due <= until)?;
        self.events.remove(&key).map(|event| (key.0, event))
    }
}

/// Runs what is due while the clock runs by itself.
pub(crate) async fn run_in_real_time(app: Shared) {
    loop {
        let wait = {
            let mut state = app.lock();
            match state.clock.mode() {
                Mode::Manual => None,
                Mode::Real => {
                    let now = state.now();
                    while let Some((_, event)) = state.queue.pop_due(now) {
                        let running = app.start_running();
                        let app = app.clone();
                        // Beside each other, as a provider does it: a slow receiver delays only its own.
                        tokio::spawn(async move {
                            run(&app, event).await;
                            drop(running);
                        });
                    }
                    state.queue.next_due().map(|due| due - now)
                }
            }
        };
        match wait.map(|wait| StdDuration::try_from(wait).unwrap_or(StdDuration::ZERO)) {
            None => app.wake.notified().await,
            Some(wait) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = app.wake.notified() => {}
                }
            }
        }
    }
}

/// Advances virtual time and returns when everything that became due has been done, callbacks included.
pub(crate) async fn advance(app: &Shared, by: Duration) -> usize {
    let _one_at_a_time = app.advancing.lock().await;
    let until = later(app.lock().now(), by);
    let mut done = 0;
    loop {
        let event = {
            let mut state = app.lock();
            match state.queue.pop_due(until) {
                Some((due, event)) => {
                    state.clock.move_to(due);
                    event
                }
                None => {
                    state.clock.move_to(until);
                    break;
                }
            }
        };
        run(app, event).await;
        done += 1;
    }
    settle(app).await;
    done
}

/// Waits for the events that were started while the clock ran by itself.
pub(crate) async fn settle(app: &Shared) {
    loop {
        let settled = app.settled.notified();
        tokio::pin!(settled);
        settled.as_mut().enable();
        if !app.is_running() {
            return;
        }
        settled.await;
    }
}

async fn run(app: &Shared, event: Event) {
    match event {
        Event::Step(sid) => {
            let effects = {
                let mut state = app.lock();
                match state.messages.get(&sid).map(|message| message.provider) {
                    Some(Provider::Telnyx) => telnyx::step(&mut state, &sid),
                    _ => life::step(&mut state, &sid),
                }
            };
            app.wake.notify_one();
            if let Some(delivery) = effects.callback {
                callbacks::deliver(app, delivery).await;
            }
            if let Some(text) = effects.arrives_at_own_number {
                // A number of ours that texts another number of ours: two messages, two webhooks.
                if let Err(error) = inbound::receive(app, text).await {
                    tracing::warn!(error, "a text between own numbers got lost");
                }
            }
        }
        Event::SettleOrder(id) => {
            let delivery = telnyx::settle_order(&mut app.lock(), &id);
            if let Some(delivery) = delivery {
                callbacks::deliver(app, delivery).await;
            }
        }
        Event::Call(timer) => {
            telnyx::happen(&mut app.lock(), &timer);
            app.wake.notify_one();
        }
        Event::RetellCall(timer) => {
            retell::happen(&mut app.lock(), &timer);
            app.wake.notify_one();
        }
        Event::Voice(timer) => voice::happen(app, *timer).await,
        Event::Deliver(delivery) => {
            callbacks::deliver(app, *delivery).await;
        }
    }
}
