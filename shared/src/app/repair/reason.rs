//! In one word, how a setting differs from what it should be.

use url::Url;

/// The word. Both texts are as in a drift: empty, when nothing is set.
pub(super) fn reason(expected: &str, found: &str) -> &'static str {
    match (web(expected), web(found)) {
        _ if found.is_empty() => "missing",
        _ if expected.is_empty() => "overrides",
        (Some(_), Some(there)) if is_demo(&there) => "demo",
        (Some(_), Some(there)) if names_an_agent(&there) => "old_url",
        (Some(ours), Some(there)) => differing(&ours, &there),
        (Some(_), None) => "no_url",
        (None, _) => "differs",
    }
}

fn web(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The first part of the address that differs.
fn differing(ours: &Url, there: &Url) -> &'static str {
    if ours.host_str() != there.host_str() {
        "foreign_host"
    } else if ours.scheme() != there.scheme() {
        "scheme"
    } else if (ours.port(), ours.path()) != (there.port(), there.path()) {
        "other_path"
    } else if ours.query() != there.query() {
        "other_query"
    } else if ours.fragment() != there.fragment() {
        "no_retries"
    } else {
        "differs"
    }
}

/// Documents that providers set on numbers until somebody sets others.
fn is_demo(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    ["demo.twilio.com", "twimlets.com"]
        .iter()
        .any(|demo| host == *demo || host.strip_suffix(demo).is_some_and(|rest| rest.ends_with('.')))
}

/// Of the system before this one: an agent's id in the address.
fn names_an_agent(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("agentId"))
}

/// A URL as it may be shown: whoever reads a finding need not know another system's password.
pub(super) fn shown(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    match web(text) {
        Some(mut url) if url.password().is_some() || !url.username().is_empty() => {
            let hidden = url.set_username("…").and_then(|()| url.set_password(None));
            Some(if hidden.is_ok() { url.to_string() } else { "…".to_owned() })
        }
        _ => Some(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{reason, shown};

    #[test]
    fn each_difference_has_its_word() {
        let ours = "https://phone.example.com/prod/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt";
        for (found, word) in [
            ("", "missing"),
            ("https://demo.twilio.com/welcome/sms/reply/", "demo"),
            ("http://twimlets.com/echo?Twiml=x", "demo"),
            ("https://phone.example.com/prod/api/webhooks/twilio/sms?agentId=7", "old_url"),
            ("https://old.example.net/twilio/sms?x=1&agentId=7", "old_url"),
            ("https://old.example.net/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt", "foreign_host"),
            ("https://notdemo.twilio.com.evil.example/", "foreign_host"),
            ("http://phone.example.com/prod/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt", "scheme"),
            ("https://phone.example.com/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt", "other_path"),
            ("https://phone.example.com:8443/prod/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt", "other_path"),
            ("https://phone.example.com/prod/api/webhooks/twilio/sms?x=1", "other_query"),
            ("https://phone.example.com/prod/api/webhooks/twilio/sms", "no_retries"),
            ("nonsense", "no_url"),
        ] {
            assert_eq!(reason(ours, found), word, "{found}");
        }
        assert_eq!(reason("", "TK00000000000000000000000000000001"), "overrides");
        assert_eq!(reason("POST", "GET"), "differs");
        assert_eq!(reason("us1", "ie1"), "differs");
        assert_eq!(reason("true", ""), "missing");
    }

    #[test]
    fn another_systems_password_is_not_shown() {
        assert_eq!(shown(""), None);
        assert_eq!(shown("https://x.example/?a=1").as_deref(), Some("https://x.example/?a=1"));
        let hidden = shown("https://user:hunter2@x.example/hook").unwrap();
        assert!(!hidden.contains("hunter2") && !hidden.contains("user") && hidden.contains("x.example/hook"));
    }
}
