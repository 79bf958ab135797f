//! One report about a leg of a call: verified, merged, answered with nothing.

use std::sync::Arc;

use telephony::app::problem::{Code, Problem};
use telephony::app::voice::record::{RecordCall, Taken};
use telephony::app::webhook::{WebhookDoor, thanks};
use telephony::ports::Clock;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::metrics::{Metric, count};
use telephony_lambda::webhook::{admit, kind_of};

/// The URLs that this function answers.
const KINDS: [WebhookKind; 3] = [WebhookKind::CallStatus, WebhookKind::AmdStatus, WebhookKind::StreamStatus];

pub(crate) struct Handler {
    pub(crate) door: WebhookDoor,
    pub(crate) record: RecordCall,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_base_url: String,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let kind = kind_of(request, &KINDS).ok_or_else(|| Problem::new(Code::NotFound))?;
        let delivered = admit(&self.door, kind, request, &self.public_base_url).await?;
        let provider = delivered.provider;
        for event in &delivered.events {
            match event {
                Event::Call(call) => {
                    let now = self.clock.now();
                    if self.record.record(&delivered.credentials, call, now).await? == Taken::Unrouted {
                        count(Metric::WebhooksUnrouted, provider, 1, now);
                    }
                }
                Event::MessageReceived(_)
                | Event::MessageStatus(_)
                | Event::CallAsks(_)
                | Event::CallLookup(_)
                | Event::RecordingReady(_)
                | Event::Transcribed(_)
                | Event::NumberOrder(_)
                | Event::Unrecognised { .. } => self.door.unrecognised(&delivered, kind, event).await?,
            }
        }
        Ok(thanks(provider).into())
    }
}
