//! One event: verified, recorded, and, on a call, acted upon while the caller waits.

use std::sync::Arc;

use telephony::app::numbers::purchase::notice::{NoticeOrder, Noticed};
use telephony::app::problem::{Code, Problem};
use telephony::app::receive_message::{ReceiveMessage, Received};
use telephony::app::record_status::{RecordStatus, Reported};
use telephony::app::voice::record::{RecordCall, Taken};
use telephony::app::voice::recordings::{Kept, RecordRecording};
use telephony::app::voice::steer::{NotActed, SteerCall};
use telephony::app::webhook::{Delivered, WebhookDoor, thanks};
use telephony::ports::Clock;
use telephony::provider::calling::CallEvent;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::metrics::{Metric, count};
use telephony_lambda::webhook::admit;

pub(crate) struct Handler {
    pub(crate) door: WebhookDoor,
    pub(crate) receive: ReceiveMessage,
    pub(crate) record: RecordStatus,
    pub(crate) calls: RecordCall,
    pub(crate) answer: SteerCall,
    pub(crate) recordings: RecordRecording,
    pub(crate) orders: NoticeOrder,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_base_url: String,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let delivered = admit(&self.door, WebhookKind::Events, request, &self.public_base_url).await?;
        let provider = delivered.provider;
        for event in &delivered.events {
            if !self.take(&delivered, event).await? {
                count(Metric::WebhooksUnrouted, provider, 1, self.clock.now());
            }
        }
        Ok(thanks(provider).into())
    }

    /// False: it names nothing of ours.
    async fn take(&self, delivered: &Delivered, event: &Event) -> Result<bool, Problem> {
        let (provider, account, now) = (delivered.provider, &delivered.account, self.clock.now());
        match event {
            Event::MessageReceived(text) => {
                let received = self.receive.receive(provider, account, text.clone(), now).await?;
                Ok(received != Received::Unrouted)
            }
            Event::MessageStatus(report) => {
                let reported = self.record.record(provider, account, report, now).await?;
                Ok(reported != Reported::Unrouted)
            }
            Event::Call(call) => self.call(delivered, call).await,
            Event::NumberOrder(report) => match self.orders.notice(account, report, now).await? {
                Noticed::Hastened | Noticed::Known => Ok(true),
                Noticed::Unrouted => {
                    self.door.unrecognised(delivered, WebhookKind::Events, event).await?;
                    Ok(true)
                }
            },
            Event::RecordingReady(ready) => {
                let kind = WebhookKind::Events;
                let kept = self.recordings.ready(&delivered.credentials, kind, ready, now).await?;
                self.answer.recorded(&delivered.credentials, ready, now).await.map_err(not_acted)?;
                Ok(kept != Kept::Unrouted)
            }
            Event::CallAsks(_)
            | Event::CallLookup(_)
            | Event::Transcribed(_)
            | Event::Unrecognised { .. } => {
                self.door.unrecognised(delivered, WebhookKind::Events, event).await?;
                Ok(true)
            }
        }
    }

    async fn call(&self, delivered: &Delivered, event: &CallEvent) -> Result<bool, Problem> {
        let now = self.clock.now();
        let taken = self.calls.record(&delivered.credentials, event, now).await?;
        self.answer.act(&delivered.credentials, event, &taken, now).await.map_err(not_acted)?;
        Ok(taken != Taken::Unrouted)
    }
}

/// The provider delivers the event again when it is answered with a 5xx.
fn not_acted(error: NotActed) -> Problem {
    match error {
        NotActed::Store(error) => error.into(),
        NotActed::Provider(error) => {
            tracing::warn!(provider = %error.provider(), %error, "A call could not be steered yet");
            Problem::new(Code::ProviderUnavailable)
        }
    }
}
