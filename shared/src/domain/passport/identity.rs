//! The `Identity` header: a token, and beside it what of its header a proxy wants to see.

use super::token::{ALG, PPT};
use super::{Malformed, Token};

/// Longer than any header that SIP carries over UDP.
const LONGEST: usize = 16 * 1024;

/// An `Identity` header as it came.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The token; `None` in the compact form (RFC 8225, 7), which leaves out what it is about.
    pub token: Option<Token>,
    info: Option<String>,
    alg: Option<String>,
    ppt: Option<String>,
}

impl Identity {
    /// Reads the value of the header (RFC 8224, 4.1). Spaces may stand around `;`, a value may be quoted,
    /// and parameters that are unknown or absent do no harm.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(value: &str) -> Result<Self, Malformed> {
        if value.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        let (token, parameters) = value.split_once(';').unwrap_or((value, ""));
        let token = token.trim();
        let token = if token.starts_with("..") { None } else { Some(Token::parse(token)?) };
        let mut identity = Self { token, info: None, alg: None, ppt: None };
        for parameter in split(parameters)? {
            let (name, value) = parameter.split_once('=').ok_or(Malformed::Parameters)?;
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            let (place, value) = match name.as_str() {
                "info" => (&mut identity.info, value.strip_prefix('<').and_then(|v| v.strip_suffix('>'))),
                "alg" => (&mut identity.alg, unquoted(value)),
                "ppt" => (&mut identity.ppt, unquoted(value)),
                _ => continue,
            };
            let value = value.ok_or(Malformed::Parameters)?;
            if place.replace(value.to_owned()).is_some() {
                return Err(Malformed::Parameters);
            }
        }
        Ok(identity)
    }

    /// What stands beside the token is what the token says.
    pub(super) fn agrees(&self, token: &Token) -> bool {
        let header = token.header();
        let same = |said: &Option<String>, signed: Option<&str>| {
            said.as_deref().is_none_or(|said| Some(said) == signed)
        };
        same(&self.info, header.x5u.as_deref())
            && same(&self.alg, Some(&header.alg))
            && same(&self.ppt, header.ppt.as_deref())
    }
}

/// The value of the header in full form. `ppt` is quoted, as ATIS-1000074 and Twilio write it; readers
/// take both.
pub fn header_value(token: &str, x5u: &str) -> String {
    format!("{token};info=<{x5u}>;alg={ALG};ppt=\"{PPT}\"")
}

fn unquoted(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inner.is_empty() && !inner.contains('"')).then_some(inner)
}

/// Parts between semicolons; one within `<…>` or quotes parts nothing.
fn split(text: &str) -> Result<Vec<&str>, Malformed> {
    let mut until: Option<char> = None;
    let parts: Vec<&str> = text
        .split(|c: char| {
            match (until, c) {
                (Some(end), c) if c == end => until = None,
                (None, '<') => until = Some('>'),
                (None, '"') => until = Some('"'),
                _ => {}
            }
            until.is_none() && c == ';'
        })
        .filter(|part| !part.trim().is_empty())
        .collect();
    if until.is_some() { Err(Malformed::Parameters) } else { Ok(parts) }
}
