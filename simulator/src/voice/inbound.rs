//! Somebody calls one of the numbers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    ending::{End, end},
    fetch::Request,
    leg::{Call, Direction, New, Target, Watch},
    phone::{What, in_time, seconds},
};
use crate::{
    call_script::CallScript,
    ids,
    model::{AccountStatus, Number, Provider},
    state::State,
};

/// Nobody lets it ring for longer.
const CALLERS_PATIENCE: u32 = 60;

/// A call that came in, and the request for its first document, where somebody is there to be asked.
pub(crate) struct Arrived {
    pub(crate) answer: Value,
    pub(crate) sid: String,
    pub(crate) token: u64,
    pub(crate) first: Option<Request>,
}

/// The number rings.
pub(crate) fn arrive(
    state: &mut State,
    number: &Number,
    from: &str,
    attestation: Option<&str>,
    script: CallScript,
) -> Arrived {
    let now = state.now();
    let provider = number.provider;
    let mut call = Call::new(New {
        provider,
        account: &number.account,
        direction: Direction::Inbound,
        from,
        to: &number.phone_number,
        script,
        now,
    });
    let at = |url: &str, method: &str| Some(Target::new(number.setting(url)?, number.setting(method)));
    call.number_sid = Some(number.sid.clone());
    call.first = at("VoiceUrl", "VoiceMethod");
    call.fallback = at("VoiceFallbackUrl", "VoiceFallbackMethod");
    call.watch = at("StatusCallback", "StatusCallbackMethod").map(|target| Watch {
        target,
        events: vec!["completed".to_owned()],
        of_number: true,
    });
    // SignalWire says nothing about it (signalwire.md, section 7).
    if let (Provider::Twilio, Some(level)) = (provider, attestation) {
        call.identity = identity(level, from, &number.phone_number, now.unix_timestamp());
    }
    let token = call.turn_to(super::leg::Doing::Waiting);
    let sid = call.sid.clone();
    let first = call.first.clone();
    let answer = json!({ "provider": provider, "account": number.account, "id": sid, "call_sid": sid });
    state.voice.calls.insert(call);
    let active = state.accounts.get(&number.account).is_some_and(|a| a.status == AccountStatus::Active);
    let first = first.filter(|_| active).map(|first| Request::document(first, Vec::new()));
    match first {
        Some(_) => in_time(state, seconds(CALLERS_PATIENCE), &sid, What::RingingEnds),
        // "The number you have dialled is not in service."
        None => end(state, &sid, End::FAILED),
    }
    Arrived { answer, sid, token, first }
}

/// `StirVerstat` and `StirPassportToken` (twilio.md, section 8). `A`, `B` and `C` are attestations that passed; anything
/// else is a verification status as it stands. The token's signature is no real one.
fn identity(level: &str, from: &str, to: &str, at: i64) -> Vec<(String, String)> {
    let verstat = match level {
        "A" | "B" | "C" => format!("TN-Validation-Passed-{level}"),
        other => other.to_owned(),
    };
    let bare = |number: &str| number.trim_start_matches('+').to_owned();
    let attest = verstat.chars().last().filter(|last| matches!(last, 'A'..='C'));
    let mut identity = vec![("StirVerstat".to_owned(), verstat)];
    if let Some(attest) = attest {
        let header = json!({ "alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": "https://certificates.example.com/shaken.pem" });
        let claims = json!({
            "attest": attest.to_string(),
            "dest": { "tn": [bare(to)] },
            "iat": at,
            "orig": { "tn": bare(from) },
            "origid": ids::uuid(),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signature = URL_SAFE_NO_PAD
            .encode(hex::decode(format!("{}{}", ids::hex64(), ids::hex64())).unwrap_or_default());
        let token = format!("{}.{}.{signature}", part(&header), part(&claims));
        identity.push(("StirPassportToken".to_owned(), token));
    }
    identity
}
