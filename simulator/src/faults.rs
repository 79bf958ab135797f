//! Things that go wrong on request.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Provider;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Close the connection before anything is done.
    DropBefore,
    /// The same, with a TCP reset.
    Reset,
    #[serde(rename = "status_429")]
    Status429,
    /// 5xx before anything is done.
    #[serde(rename = "status_5xx")]
    Status5xx,
    /// Any of the provider's errors, before anything is done.
    Error,
    /// Wait, then go on as usual.
    Delay,
    /// Do it, then say nothing for a while and close.
    AcceptThenTimeout,
    /// Do it, then close.
    AcceptThenClose,
    /// Do it, then answer 5xx.
    #[serde(rename = "accept_then_5xx")]
    AcceptThen5xx,
    /// Do it, then answer 200 with something that is not the resource.
    #[serde(rename = "garbage_200")]
    Garbage200,
    /// Media: 404, as in the first seconds after the webhook.
    NotReady,
    /// Media: gone.
    Expired,
    /// Callbacks: post again, the same to the byte.
    Duplicate,
    /// Callbacks: never post.
    Drop,
    /// Callbacks: post after the message's next one.
    Reorder,
    /// Messages: accepted, but end badly.
    FailDelivery,
}

/// Where in the course of things a fault acts; a look-up names the stage, so that a `delay` on `callbacks` and
/// a `fail_delivery` on `messages.create` wait for their moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Request,
    Callback,
    Fate,
}

impl Kind {
    fn acts_in(self, stage: Stage) -> bool {
        match self {
            Self::Delay => stage != Stage::Fate,
            Self::Duplicate | Self::Drop | Self::Reorder => stage == Stage::Callback,
            Self::FailDelivery => stage == Stage::Fate,
            Self::DropBefore
            | Self::Reset
            | Self::Status429
            | Self::Status5xx
            | Self::Error
            | Self::AcceptThenTimeout
            | Self::AcceptThenClose
            | Self::AcceptThen5xx
            | Self::Garbage200
            | Self::NotReady
            | Self::Expired => stage == Stage::Request,
        }
    }
}

/// Narrows a fault down; a member that is absent matches everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Message, number or media sid.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// `MessageStatus` of a callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Telnyx's `event_type`, Retell's `event`; of `calls.command` the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u64>,
    /// An HTTP status, or a message status for `fail_delivery`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// How many copies `duplicate` adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<u32>,
}

impl Params {
    pub(crate) fn http_status(&self, default: u16) -> u16 {
        self.status.as_ref().and_then(Value::as_u64).and_then(|s| u16::try_from(s).ok()).unwrap_or(default)
    }

    pub(crate) fn seconds(&self, default: f64) -> f64 {
        // A century is for ever, and keeps Duration from overflowing.
        self.seconds.unwrap_or(default).clamp(0.0, 3.2e9)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFault {
    #[serde(default)]
    pub(crate) provider: Option<Provider>,
    pub(crate) operation: String,
    #[serde(default, rename = "match")]
    pub(crate) matching: Match,
    pub(crate) kind: Kind,
    /// How often it acts; 0: until it is deleted.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// How many matches pass unharmed first.
    #[serde(default)]
    pub(crate) skip: u32,
    #[serde(default)]
    pub(crate) params: Params,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    provider: Option<Provider>,
    operation: String,
    #[serde(rename = "match")]
    matching: Match,
    pub(crate) kind: Kind,
    times: u32,
    skip: u32,
    pub(crate) params: Params,
    /// How often a request or a callback matched.
    seen: u32,
    /// How often it acted.
    hits: u32,
}

/// What happens now, for faults to be compared with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Situation<'a> {
    pub(crate) provider: Option<Provider>,
    pub(crate) operation: &'a str,
    pub(crate) to: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    pub(crate) account: Option<&'a str>,
    pub(crate) sid: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    pub(crate) event: Option<&'a str>,
}

#[derive(Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    next: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, new: NewFault) -> Fault {
        self.next += 1;
        let fault = Fault {
            id: self.next,
            provider: new.provider,
            operation: new.operation,
            matching: new.matching,
            kind: new.kind,
            times: new.times,
            skip: new.skip,
            params: new.params,
            seen: 0,
            hits: 0,
        };
        self.list.push(fault.clone());
        fault
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.list
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|fault| fault.id != id);
        self.list.len() < before
    }

    /// The first fault that acts now; it is counted.
    pub(crate) fn take(&mut self, stage: Stage, now: &Situation<'_>) -> Option<Fault> {
        self.list.iter_mut().find_map(|fault| {
            if !fault.applies(stage, now) {
                return None;
            }
            fault.seen += 1;
            if fault.seen <= fault.skip {
                return None;
            }
            fault.hits += 1;
            Some(fault.clone())
        })
    }

    /// Gives a turn back, where a fault turned out not to be applicable.
    pub(crate) fn give_back(&mut self, id: u64) {
        if let Some(fault) = self.list.iter_mut().find(|fault| fault.id == id) {
            fault.hits = fault.hits.saturating_sub(1);
            fault.seen = fault.seen.saturating_sub(1);
        }
    }
}

impl Fault {
    fn applies(&self, stage: Stage, now: &Situation<'_>) -> bool {
        let spent = self.times > 0 && self.hits >= self.times;
        let group = |name: &str| {
            now.operation == name
                || name == "*"
                || now.operation.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        };
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        !spent
            && self.kind.acts_in(stage)
            && (self.provider.is_none() || self.provider == now.provider)
            && group(&self.operation)
            && same(&self.matching.to, now.to)
            && same(&self.matching.from, now.from)
            && same(&self.matching.account, now.account)
            && same(&self.matching.sid, now.sid)
            && same(&self.matching.status, now.status)
            && same(&self.matching.event, now.event)
    }
}
