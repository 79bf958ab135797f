//! One question of a call: verified, recorded, answered with a document.

use std::sync::Arc;

use telephony::app::problem::{Code, Problem};
use telephony::app::voice::answer::AnswerCall;
use telephony::app::webhook::WebhookDoor;
use telephony::ports::Clock;
use telephony::provider::registry;
use telephony::provider::webhooks::{Event, Reply, WebhookKind};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::webhook::{admit, kind_of};

/// The URLs that this function answers.
const KINDS: [WebhookKind; 4] =
    [WebhookKind::Voice, WebhookKind::DialAction, WebhookKind::RecordAction, WebhookKind::CallScreen];

pub(crate) struct Handler {
    pub(crate) door: WebhookDoor,
    pub(crate) answer: AnswerCall,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_base_url: String,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let kind = kind_of(request, &KINDS).ok_or_else(|| Problem::new(Code::NotFound))?;
        let delivered = admit(&self.door, kind, request, &self.public_base_url).await?;
        let mut reply = Reply::Empty;
        for event in &delivered.events {
            match event {
                Event::CallAsks(call) => {
                    let now = self.clock.now();
                    reply = self.answer.answer(&delivered.credentials, call, now).await?;
                }
                Event::MessageReceived(_)
                | Event::MessageStatus(_)
                | Event::Call(_)
                | Event::CallLookup(_)
                | Event::RecordingReady(_)
                | Event::Transcribed(_)
                | Event::NumberOrder(_)
                | Event::Unrecognised { .. } => self.door.unrecognised(&delivered, kind, event).await?,
            }
        }
        Ok(registry::webhooks(delivered.provider).respond(reply).into())
    }
}
