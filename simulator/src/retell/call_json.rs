//! A call as the API, the webhooks and the control API show it.

use serde_json::{Value, json};

use super::{calls::PhoneCall, millis};
use crate::{call_script::Reaction, clock::rfc3339};

impl PhoneCall {
    fn in_voicemail(&self) -> bool {
        self.script.answer == Reaction::Machine
    }

    /// The call object of the API and the webhooks; what is not known yet is left out.
    pub(super) fn show(&self) -> Value {
        let mut shown = json!({
            "call_type": "phone_call",
            "call_id": self.id,
            "agent_id": self.agent,
            "agent_version": 0,
            "call_status": self.status,
            "from_number": self.from,
            "to_number": self.to,
            "direction": if self.inbound { "inbound" } else { "outbound" },
            "opt_in_signed_url": false,
            "data_storage_setting": "everything",
        });
        let Some(map) = shown.as_object_mut() else { return shown };
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        };
        add("agent_name", self.agent_name.as_ref().map(|name| json!(name)));
        add("metadata", self.metadata.clone());
        add("retell_llm_dynamic_variables", self.variables.clone());
        add("custom_sip_headers", self.sip_headers.clone());
        add("start_timestamp", self.started.map(|at| json!(millis(at))));
        add("end_timestamp", self.ended.map(|at| json!(millis(at))));
        add("disconnection_reason", self.reason.map(|reason| json!(reason)));
        if let (Some(started), Some(ended)) = (self.started, self.ended) {
            add("duration_ms", Some(json!(millis(ended) - millis(started))));
            self.said(&mut add);
            add("recording_url", self.recording_url.as_ref().map(|url| json!(url)));
            let seconds = (ended - started).as_seconds_f64();
            add(
                "call_cost",
                Some(json!({
                    "product_costs": [{ "product": "elevenlabs_tts", "unit_price": 0.1, "cost": seconds * 0.1 }],
                    "total_duration_seconds": seconds,
                    "total_duration_unit_price": 0.1,
                    "combined_cost": seconds * 0.1,
                })),
            );
        }
        if self.analysed {
            add(
                "call_analysis",
                Some(json!({
                    "call_summary": "The agent talked to the user.",
                    "in_voicemail": self.in_voicemail(),
                    "user_sentiment": if self.in_voicemail() { "Unknown" } else { "Neutral" },
                    "call_successful": !self.in_voicemail(),
                    "custom_analysis_data": {},
                })),
            );
        }
        shown
    }

    /// The agent greets, the phone says what its script has.
    fn said(&self, add: &mut impl FnMut(&str, Option<Value>)) {
        let mut lines = vec![("agent", "Agent", "Hello, how can I help you?")];
        if let Some(speech) = &self.script.speech {
            lines.push(("user", "User", speech));
        }
        let text: String = lines.iter().map(|(_, who, what)| format!("{who}: {what}\n")).collect();
        let objects: Vec<Value> = lines
            .iter()
            .map(|(role, _, content)| json!({ "role": role, "content": content, "words": [] }))
            .collect();
        add("transcript", Some(json!(text)));
        add("transcript_object", Some(json!(objects)));
        add("transcript_with_tool_calls", Some(json!(objects)));
    }

    /// `GET /_sim/calls`
    pub(super) fn journal(&self) -> Value {
        json!({
            "provider": "retell",
            "account": self.account,
            "id": self.id,
            "call_id": self.id,
            "agent_id": self.agent,
            "direction": if self.inbound { "inbound" } else { "outbound" },
            "from": self.from,
            "to": self.to,
            "state": self.status,
            "disconnection_reason": self.reason,
            "metadata": self.metadata,
            "dynamic_variables": self.variables,
            "created": rfc3339(self.created),
            "answered": self.started.map(rfc3339),
            "ended": self.ended.map(rfc3339),
            "commands": self.commands,
            "events": self.events,
        })
    }
}
