//! How agents take calls, as customers describe it.

use std::collections::BTreeMap;

use url::Url;

use crate::api::events::AgentRequest;
use crate::app::problem::{Code, Problem};
use crate::domain::agent::{AgentLine, Character, Fallback, RemoteLine};
use crate::domain::ids::AccountId;
use crate::domain::phone::E164;
use crate::provider::{ProviderId, registry};

const MAX_URL_CHARS: usize = 2_048;
/// The parameters of one stream: Twilio passes 500 characters in all
/// (https://www.twilio.com/docs/voice/twiml/stream, custom parameters), and ours need some of them.
const MAX_PARAMETERS: usize = 10;
const MAX_PARAMETER_CHARS: usize = 64;
const MAX_PROMPT_CHARS: usize = 20_000;
const MAX_WORD_CHARS: usize = 200;

/// How the agent of a request takes calls. `None`: it takes none.
///
/// # Errors
/// A problem that names the field.
pub fn line(request: &AgentRequest) -> Result<Option<AgentLine>, Problem> {
    let others = |kind: &str| {
        let given = [
            ("stream", request.stream.is_some()),
            ("retell", request.retell.is_some()),
            ("number", request.number.is_some()),
            ("sip", request.sip.is_some()),
        ];
        match given.into_iter().find(|(name, given)| *given && *name != kind) {
            Some((name, _)) => Err(Problem::field(name, format!("does not belong to the kind {kind}"))),
            None => Ok(()),
        }
    };
    let Some(kind) = request.kind.as_deref() else {
        others("of an agent without kind")?;
        return Ok(None);
    };
    others(kind)?;
    let missing = |field: &str| Problem::field(field, "is required for this kind");
    Ok(Some(match kind {
        "stream" => {
            let stream = request.stream.as_ref().ok_or_else(|| missing("stream"))?;
            let parameters = stream.parameters.clone().unwrap_or_default();
            check_parameters(&parameters)?;
            AgentLine::Stream { url: socket(&stream.url)?, parameters }
        }
        "number" => {
            let number = request.number.as_deref().ok_or_else(|| missing("number"))?;
            AgentLine::Number(number.parse::<E164>().map_err(|_| {
                Problem::new(Code::InvalidNumber)
                    .and_field("number", "must be a number in E.164 form, such as +14155550123")
            })?)
        }
        "sip" => AgentLine::Sip(sip(request.sip.as_deref().ok_or_else(|| missing("sip"))?)?),
        other => AgentLine::Remote(remote(other, request)?),
    }))
}

/// An agent that lives at a provider: the kind is the provider's word.
fn remote(kind: &str, request: &AgentRequest) -> Result<RemoteLine, Problem> {
    let provider: Option<ProviderId> = kind.parse().ok().filter(|id| registry::agents(*id).is_some());
    let provider = provider.ok_or_else(|| Problem::field("kind", "must be stream, retell, number or sip"))?;
    let told = request.retell.as_ref().ok_or_else(|| Problem::field(kind, "is required for this kind"))?;
    let word = |field: &str, text: &str| match text.chars().count() {
        1..=MAX_WORD_CHARS if !text.chars().any(char::is_whitespace) => Ok(text.to_owned()),
        _ => Err(Problem::field(format!("{kind}.{field}"), "must be an id of the provider")),
    };
    let account = told.provider_account_id.as_deref().map(str::parse::<AccountId>).transpose();
    Ok(RemoteLine {
        provider,
        agent: word("agentId", &told.agent_id)?,
        version: told.version.as_deref().map(|version| word("version", version)).transpose()?,
        account: account
            .map_err(|_| Problem::field(format!("{kind}.providerAccountId"), "names no account of yours"))?,
    })
}

/// What a voice server may ask about the agent.
///
/// # Errors
/// A problem that names the field.
pub fn character(request: &AgentRequest) -> Result<Character, Problem> {
    let text = |field: &str, text: &Option<String>, most: usize| match text {
        Some(text) if text.chars().count() > most => {
            Err(Problem::field(field, format!("must have at most {most} characters")))
        }
        other => Ok(other.clone()),
    };
    Ok(Character {
        prompt: text("prompt", &request.prompt, MAX_PROMPT_CHARS)?,
        voice: text("voice", &request.voice, MAX_WORD_CHARS)?,
        model: text("model", &request.model, MAX_WORD_CHARS)?,
    })
}

/// What happens to a caller whom the agent does not take.
///
/// # Errors
/// A problem that names the field.
pub fn fallback(request: &AgentRequest) -> Result<Option<Fallback>, Problem> {
    match request.fallback.as_deref() {
        None => Ok(None),
        Some("voicemail") => Ok(Some(Fallback::Voicemail)),
        Some("apology") => Ok(Some(Fallback::Apology)),
        Some(_) => Err(Problem::field("fallback", "must be voicemail or apology")),
    }
}

/// Twilio drops a query from the URL of a stream; what it would say goes into parameters.
fn socket(text: &str) -> Result<String, Problem> {
    let wrong = || Problem::field("stream.url", "must be a wss URL without a user and without a query");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let fits = url.scheme() == "wss" && url.host().is_some() && url.fragment().is_none();
    if bare && fits && text.len() <= MAX_URL_CHARS { Ok(url.to_string()) } else { Err(wrong()) }
}

fn sip(text: &str) -> Result<String, Problem> {
    let wrong = || Problem::field("sip", "must be a SIP URI such as sip:agent@example.com");
    let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (user, host) = rest.split_once('@').ok_or_else(wrong)?;
    let fits = |part: &str, more: &[u8]| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    let plain = matches!(scheme, "sip" | "sips") && fits(user, b"-_.+!") && fits(host, b"-.:;=");
    if plain && text.len() <= MAX_WORD_CHARS { Ok(text.to_owned()) } else { Err(wrong()) }
}

fn check_parameters(parameters: &BTreeMap<String, String>) -> Result<(), Problem> {
    let field = "stream.parameters";
    if parameters.len() > MAX_PARAMETERS {
        return Err(Problem::field(field, format!("must have at most {MAX_PARAMETERS} members")));
    }
    let ours = ["agentId", "callId", "configUrl", "token"];
    for (name, value) in parameters {
        let long = name.chars().count() > MAX_PARAMETER_CHARS || value.chars().count() > MAX_PARAMETER_CHARS;
        if name.is_empty() || long || value.chars().chain(name.chars()).any(char::is_control) {
            let message = "names and values must have at most 64 characters, on one line";
            return Err(Problem::field(field, message));
        }
        if ours.contains(&name.as_str()) {
            return Err(Problem::field(format!("{field}.{name}"), "is told by us"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{character, fallback, line};
    use crate::api::events::AgentRequest;
    use crate::domain::agent::AgentLine;
    use serde_json::{Value, json};

    fn request(members: &Value) -> AgentRequest {
        let mut all = json!({"name": "Sales"});
        for (name, value) in members.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    fn refused(members: &Value) -> String {
        let request = request(members);
        let problem =
            line(&request).and_then(|_| character(&request)).and_then(|_| fallback(&request)).unwrap_err();
        problem.errors()[0].field.clone()
    }

    #[test]
    fn each_kind_has_its_member() {
        for members in [
            json!({"kind": "stream", "stream": {"url": "wss://voice.example.com/in", "parameters": {"a": "b"}}}),
            json!({"kind": "retell", "retell": {"agentId": "agent_1", "version": "3"}}),
            json!({"kind": "number", "number": "+14155550123"}),
            json!({"kind": "sip", "sip": "sip:desk@pbx.example.com:5061;transport=tls"}),
        ] {
            assert!(matches!(line(&request(&members)), Ok(Some(_))), "{members}");
        }
        assert!(matches!(line(&request(&json!({}))), Ok(None)));
        let remote = line(&request(&json!({"kind": "retell", "retell": {"agentId": "a"}}))).unwrap();
        assert!(matches!(remote, Some(AgentLine::Remote(_))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = "x".repeat(65);
        for (members, field) in [
            (json!({"kind": "robot"}), "kind"),
            (json!({"kind": "twilio", "retell": {"agentId": "a"}}), "retell"),
            (json!({"kind": "stream"}), "stream"),
            (json!({"kind": "stream", "number": "+14155550123"}), "number"),
            (json!({"number": "+14155550123"}), "number"),
            (json!({"kind": "number", "number": "12"}), "number"),
            (json!({"kind": "retell", "retell": {"agentId": ""}}), "retell.agentId"),
            (
                json!({"kind": "retell", "retell": {"agentId": "a", "providerAccountId": "a b"}}),
                "retell.providerAccountId",
            ),
            (json!({"kind": "sip", "sip": "tel:+1"}), "sip"),
            (json!({"kind": "sip", "sip": "sip:a@b\"><Hangup/>"}), "sip"),
            (json!({"kind": "stream", "stream": {"url": "https://a.example"}}), "stream.url"),
            (json!({"kind": "stream", "stream": {"url": "wss://a.example/?token=1"}}), "stream.url"),
            (json!({"kind": "stream", "stream": {"url": "wss://u:p@a.example/"}}), "stream.url"),
            (
                json!({"kind": "stream", "stream": {"url": "wss://a.example", "parameters": {"token": "x"}}}),
                "stream.parameters.token",
            ),
            (
                json!({"kind": "stream", "stream": {"url": "wss://a.example", "parameters": {"a": long}}}),
                "stream.parameters",
            ),
            (json!({"prompt": "x".repeat(20_001)}), "prompt"),
            (json!({"fallback": "pray"}), "fallback"),
        ] {
            assert_eq!(refused(&members), field, "{members}");
        }
    }
}
