//! What a provider reports about an outbound text: verified, merged in any order, answered with an
//! empty document.

use std::sync::Arc;

use telephony::app::problem::Problem;
use telephony::app::record_status::{RecordStatus, Reported};
use telephony::app::webhook::{WebhookDoor, thanks};
use telephony::ports::Clock;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::metrics::{Metric, count};
use telephony_lambda::webhook::admit;

pub(crate) struct Handler {
    pub(crate) door: WebhookDoor,
    pub(crate) record: RecordStatus,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_base_url: String,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let delivered =
            admit(&self.door, WebhookKind::StatusCallback, request, &self.public_base_url).await?;
        let provider = delivered.provider;
        for event in &delivered.events {
            match event {
                Event::MessageStatus(report) => {
                    let now = self.clock.now();
                    let reported = self.record.record(provider, &delivered.account, report, now).await?;
                    if reported == Reported::Unrouted {
                        count(Metric::WebhooksUnrouted, provider, 1, now);
                    }
                }
                Event::MessageReceived(_)
                | Event::Call(_)
                | Event::CallAsks(_)
                | Event::CallLookup(_)
                | Event::RecordingReady(_)
                | Event::Transcribed(_)
                | Event::NumberOrder(_)
                | Event::Unrecognised { .. } => {
                    self.door.unrecognised(&delivered, WebhookKind::StatusCallback, event).await?;
                }
            }
        }
        Ok(thanks(provider).into())
    }
}
