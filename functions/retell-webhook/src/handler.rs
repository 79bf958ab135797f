//! One event of an agent's call: verified and recorded; or the question who answers a call.

use std::sync::Arc;

use telephony::app::problem::Problem;
use telephony::app::voice::record::{RecordCall, Taken};
use telephony::app::webhook::{Delivered, WebhookDoor};
use telephony::ports::Clock;
use telephony::provider::registry;
use telephony::provider::webhooks::{CallLookup, Event, LookupAnswer, Reply, WebhookKind};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::metrics::{Metric, count};
use telephony_lambda::webhook::admit;

pub(crate) struct Handler {
    pub(crate) door: WebhookDoor,
    pub(crate) calls: RecordCall,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_base_url: String,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let delivered = admit(&self.door, WebhookKind::Events, request, &self.public_base_url).await?;
        let mut reply = Reply::Empty;
        for event in &delivered.events {
            let now = self.clock.now();
            match event {
                Event::Call(call) => {
                    let taken = self.calls.record(&delivered.credentials, call, now).await?;
                    if taken == Taken::Unrouted {
                        count(Metric::WebhooksUnrouted, delivered.provider, 1, now);
                    }
                }
                Event::CallLookup(lookup) => reply = self.look_up(&delivered, lookup, event).await?,
                Event::MessageReceived(_)
                | Event::MessageStatus(_)
                | Event::CallAsks(_)
                | Event::RecordingReady(_)
                | Event::Transcribed(_)
                | Event::NumberOrder(_)
                | Event::Unrecognised { .. } => {
                    self.door.unrecognised(&delivered, WebhookKind::Events, event).await?;
                }
            }
        }
        Ok(registry::webhooks(delivered.provider).respond(reply).into())
    }

    /// The agent that is bound to the number answers, and brings our id along in its events. A number
    /// that nobody here holds keeps its agent, too: the call is not ours to turn away.
    async fn look_up(
        &self,
        delivered: &Delivered,
        lookup: &CallLookup,
        event: &Event,
    ) -> Result<Reply, Problem> {
        let now = self.clock.now();
        match self.calls.look_up(&delivered.credentials, lookup, now).await? {
            Some(call) => Ok(Reply::Agent(LookupAnswer::Bound { state: call.to_opaque() })),
            None => {
                count(Metric::WebhooksUnrouted, delivered.provider, 1, now);
                self.door.unrecognised(delivered, WebhookKind::Events, event).await?;
                Ok(Reply::Empty)
            }
        }
    }
}
