//! Reading the answer to an inbound message's webhook, as strictly as the provider does.

use serde::Serialize;

use crate::http_client::Answer;

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// `<Response/>`: say nothing.
    Empty,
    /// No body at all.
    NoBody,
    /// Texts that go back to the sender.
    Messages { texts: Vec<String> },
    /// Anything else; the provider would log `code` and say nothing.
    Invalid { code: u32, reason: String },
}

impl Reply {
    pub(crate) fn error_code(&self) -> Option<u32> {
        match self {
            Self::Invalid { code, .. } => Some(*code),
            Self::Empty | Self::NoBody | Self::Messages { .. } => None,
        }
    }

    fn invalid(code: u32, reason: impl Into<String>) -> Self {
        Self::Invalid { code, reason: reason.into() }
    }
}

/// Codes, the same at both providers: 11750 over 64 kB, 12300 content type, 12100 not a document, 12200 not TwiML.
pub(crate) fn read(answer: &Answer) -> Reply {
    if answer.body.len() > 64 * 1024 {
        return Reply::invalid(11750, "the answer is larger than 64 kB");
    }
    if answer.body.trim().is_empty() {
        return Reply::NoBody;
    }
    let content_type = answer.content_type.as_deref().unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/xml" | "application/xml" | "text/html" => document(&answer.body),
        // Twilio sends a plain text as it is (docs, messaging/twiml).
        "text/plain" => Reply::Messages { texts: vec![answer.body.clone()] },
        _ => Reply::invalid(12300, format!("content type {content_type:?}")),
    }
}

fn document(body: &str) -> Reply {
    // "There could be a leading space": nothing may stand before the document (12100).
    let Some(mut rest) =
        body.strip_prefix("<?xml").map_or(Some(body), |rest| rest.split_once("?>").map(|(_, rest)| rest))
    else {
        return Reply::invalid(12100, "unfinished XML declaration");
    };
    if rest.len() < body.len() {
        rest = rest.trim_start();
    }
    let rest = rest.trim_end();
    if rest == "<Response/>" || rest == "<Response />" {
        return Reply::Empty;
    }
    let Some(inner) = rest.strip_prefix("<Response>").and_then(|rest| rest.strip_suffix("</Response>"))
    else {
        return Reply::invalid(12100, "the document is not one <Response>");
    };
    if inner.trim().is_empty() {
        return Reply::Empty;
    }
    let mut texts = Vec::new();
    let mut inner = inner.trim();
    while !inner.is_empty() {
        let Some((text, rest)) = message(inner) else {
            return Reply::invalid(12200, format!("not a <Message>: {inner:.60}"));
        };
        texts.push(text);
        inner = rest.trim_start();
    }
    Reply::Messages { texts }
}

/// The first `<Message>` or `<Sms>` and what follows it.
fn message(from: &str) -> Option<(String, &str)> {
    let (tag, rest) = ["Message", "Sms"].into_iter().find_map(|tag| {
        let rest = from.strip_prefix('<')?.strip_prefix(tag)?;
        let (attributes, rest) = rest.split_once('>')?;
        let clean = attributes.is_empty() || attributes.starts_with(char::is_whitespace);
        (clean && !attributes.ends_with('/')).then_some((tag, rest))
    })?;
    let (content, rest) = rest.split_once(&format!("</{tag}>"))?;
    let text = match content.split_once("<Body>").and_then(|(_, rest)| rest.split_once("</Body>")) {
        Some((text, _)) => text,
        None if content.contains('<') => return None,
        None => content,
    };
    Some((unescape(text), rest))
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content_type: &str, body: &str) -> Reply {
        read(&Answer { status: 200, content_type: Some(content_type.to_owned()), body: body.to_owned() })
    }

    #[test]
    fn documents() {
        let xml = "application/xml; charset=utf-8";
        assert_eq!(check(xml, "<Response/>"), Reply::Empty);
        assert_eq!(check(xml, "<?xml version=\"1.0\"?>\n<Response></Response>\n"), Reply::Empty);
        assert_eq!(check(xml, ""), Reply::NoBody);
        let texts = vec!["a & b".to_owned(), "c".to_owned()];
        assert_eq!(
            check(
                xml,
                "<Response><Message>a &amp; b</Message> <Message to=\"x\"><Body>c</Body></Message></Response>"
            ),
            Reply::Messages { texts }
        );
        for (content_type, body, expect) in [
            (xml, " <Response/>", 12100),
            (xml, "<Response>", 12100),
            (xml, "{}", 12100),
            (xml, "<Response><Say>hi</Say></Response>", 12200),
            ("application/json", "{}", 12300),
        ] {
            assert_eq!(check(content_type, body).error_code(), Some(expect), "{body}");
        }
    }
}
