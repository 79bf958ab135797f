//! Twilio's own STOP list. SignalWire has none: "SignalWire does not manage opt-outs".

use crate::{
    model::{Number, Provider},
    phones::{self, Arrival},
    state::State,
};

// Exact single words, whatever the case (help article 223134027; REVOKE and OPTOUT since 2025).
const STOP: [&str; 8] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
const START: [&str; 3] = ["START", "YES", "UNSTOP"];
const HELP: [&str; 2] = ["HELP", "INFO"];

const STOPPED: &str = "You have successfully been unsubscribed. You will not receive any more messages from this \
number. Reply START to resubscribe.";
const STARTED: &str = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. \
Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
const HELPED: &str = "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
const TOLL_FREE_STOPPED: &str = "NETWORK MSG: You replied with the word \"stop\" which blocks all texts sent from \
this number. Text back \"unstop\" to receive messages again.";
const TOLL_FREE_STARTED: &str = "NETWORK MSG: You have replied \"unstop\" and will begin receiving messages again \
from this number.";

/// Reads an inbound text as Twilio does before it forwards it; returns the answer that went back to the phone.
pub(crate) fn handle(state: &mut State, number: &Number, from: &str, body: &str) -> Option<&'static str> {
    if number.provider != Provider::Twilio {
        return None;
    }
    let word = body.trim().to_ascii_uppercase();
    let word = word.as_str();
    let pair = (number.phone_number.clone(), from.to_owned());
    let answer = if is_toll_free(&number.phone_number) {
        // Handled by the network, with fewer words (help centre; opt_out_keywords.json).
        match word {
            "STOP" => {
                state.stopped.insert(pair);
                TOLL_FREE_STOPPED
            }
            "START" | "UNSTOP" => {
                state.stopped.remove(&pair);
                TOLL_FREE_STARTED
            }
            _ => return None,
        }
    } else if STOP.contains(&word) {
        state.stopped.insert(pair);
        STOPPED
    } else if START.contains(&word) {
        // Only who had left is welcomed back: YES is an ordinary answer otherwise.
        if !state.stopped.remove(&pair) && word == "YES" {
            return None;
        }
        STARTED
    } else if HELP.contains(&word) {
        HELPED
    } else {
        return None;
    };
    let arrival = Arrival {
        provider: number.provider,
        account: number.account.clone(),
        from: number.phone_number.clone(),
        to: from.to_owned(),
        body: answer.to_owned(),
        media: Vec::new(),
        kind: "auto_reply",
        message_sid: None,
    };
    phones::deliver(state, arrival);
    Some(answer)
}

/// 800, 888, 877, 866, 855, 844 and 833 (NANP toll-free codes in service).
pub(crate) fn is_toll_free(number: &str) -> bool {
    ["800", "888", "877", "866", "855", "844", "833"]
        .iter()
        .any(|code| number.strip_prefix("+1").is_some_and(|rest| rest.starts_with(code)))
}
