//! What happened, kept for the test to read.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::model::Provider;

/// Entries kept per list; the oldest go first, so that a day of benchmarks does not fill the memory.
const KEPT: usize = 50_000;

pub(crate) struct Journal<T> {
    entries: VecDeque<T>,
    next: u64,
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), next: 1 }
    }
}

impl<T> Journal<T> {
    /// Adds what `entry` makes of its id.
    pub(crate) fn add(&mut self, entry: impl FnOnce(u64) -> T) -> u64 {
        let id = self.next;
        self.next += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry(id));
        id
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let first = self.next - self.entries.len() as u64;
        let index = usize::try_from(id.checked_sub(first)?).ok()?;
        self.entries.get_mut(index)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&T> {
        let first = self.next - self.entries.len() as u64;
        self.entries.get(usize::try_from(id.checked_sub(first)?).ok()?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }
}

/// One request that reached a provider's API or the CDN.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RequestEntry {
    pub(crate) id: u64,
    pub(crate) at: String,
    pub(crate) provider: Option<Provider>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// `messages.create`…; null for a path that the simulator does not know.
    pub(crate) operation: Option<&'static str>,
    /// The account in the path.
    pub(crate) account: Option<String>,
    /// Query parameters, then form parameters or the top-level members of a JSON body.
    pub(crate) params: Vec<(String, String)>,
    /// A JSON body.
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(String, String)>,
    /// The HTTP status that was answered; null while it runs and when the connection was dropped.
    pub(crate) status: Option<u16>,
    /// Sid of what the request created, also when the answer was lost.
    pub(crate) created: Option<String>,
    /// Id of the fault that was applied.
    pub(crate) fault: Option<u64>,
    pub(crate) warnings: Vec<String>,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CallbackEntry {
    pub(crate) id: u64,
    pub(crate) at: String,
    pub(crate) provider: Provider,
    pub(crate) account: String,
    /// `status`, `inbound`, `call`, `order`, `inbound_call`, `voice`, `recording`, `transcription`, `amd` or `stream`.
    pub(crate) kind: &'static str,
    /// What it is about: a message, a call or an order.
    pub(crate) message_sid: String,
    /// The `MessageStatus` that it announces.
    pub(crate) message_status: Option<String>,
    /// Telnyx's `event_type`, Retell's `event`.
    pub(crate) event: Option<String>,
    pub(crate) method: String,
    /// As requested and signed: without the fragment.
    pub(crate) url: String,
    pub(crate) params: Vec<(String, String)>,
    /// What was posted, where it is no form.
    pub(crate) body: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    /// 1 for the first try, 2 for the first retry…
    pub(crate) attempt: u32,
    pub(crate) response: Option<AnswerEntry>,
    pub(crate) latency_ms: u64,
    pub(crate) error: Option<String>,
    /// The code that the provider would log for this outcome.
    pub(crate) error_code: Option<u32>,
    pub(crate) fault: Option<u64>,
    pub(crate) redelivery_of: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct AnswerEntry {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
    /// What the provider makes of the answer to an inbound message.
    pub(crate) reply: Option<Value>,
}

/// Something that a correct client never does.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Violation {
    pub(crate) id: u64,
    pub(crate) at: String,
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
}

/// One text on a phone's screen.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct InboxEntry {
    pub(crate) id: u64,
    pub(crate) at: String,
    pub(crate) provider: Provider,
    pub(crate) account: String,
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) body: String,
    pub(crate) media: Vec<String>,
    /// `message`, `auto_reply` (the provider's own STOP, START and HELP answers) or `reply` (TwiML answer).
    pub(crate) kind: &'static str,
    pub(crate) message_sid: Option<String>,
}
