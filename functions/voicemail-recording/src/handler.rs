//! One report about a message that a caller left: verified, merged, answered with nothing.

use std::sync::Arc;

use telephony::app::problem::{Code, Problem};
use telephony::app::voice::recordings::{Kept, RecordRecording};
use telephony::app::webhook::{WebhookDoor, thanks};
use telephony::ports::Clock;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::metrics::{Metric, count};
use telephony_lambda::webhook::{admit, kind_of};

/// The URLs that this function answers.
const KINDS: [WebhookKind; 2] = [WebhookKind::VoicemailRecording, WebhookKind::Transcription];

pub(crate) struct Handler {
    pub(crate) door: WebhookDoor,
    pub(crate) record: RecordRecording,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_base_url: String,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let kind = kind_of(request, &KINDS).ok_or_else(|| Problem::new(Code::NotFound))?;
        let delivered = admit(&self.door, kind, request, &self.public_base_url).await?;
        let (provider, account) = (delivered.provider, &delivered.credentials);
        for event in &delivered.events {
            let now = self.clock.now();
            let kept = match event {
                Event::RecordingReady(ready) => self.record.ready(account, kind, ready, now).await?,
                Event::Transcribed(said) => self.record.transcribed(account, kind, said, now).await?,
                Event::Call(_)
                | Event::CallAsks(_)
                | Event::CallLookup(_)
                | Event::MessageReceived(_)
                | Event::MessageStatus(_)
                | Event::NumberOrder(_)
                | Event::Unrecognised { .. } => {
                    self.door.unrecognised(&delivered, kind, event).await?;
                    continue;
                }
            };
            if kept == Kept::Unrouted {
                count(Metric::WebhooksUnrouted, provider, 1, now);
            }
        }
        Ok(thanks(provider).into())
    }
}
