//! Forms as bytes. A signature covers the decoded bytes of a form, so nothing may be lost or
//! repaired on the way: what is not UTF-8 stays as it is until somebody asks for text.

use crate::provider::request::InboundRequest;
use crate::provider::webhooks::WebhookError;

/// A decoded form: names and values in wire order, repeated ones included.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(Vec<u8>, Vec<u8>)>);

/// True when the request says that its body is a form. Only then is it read as one: a body of
/// another type is not covered by a form's signature.
pub(crate) fn is_form(request: &InboundRequest) -> bool {
    request.header("content-type").is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

impl Form {
    /// Decodes a body. Never fails: an escape that is not one stands for itself, as in the WHATWG URL
    /// standard and in the providers' own libraries.
    pub(crate) fn decode(body: &[u8]) -> Self {
        let pairs = body.split(|byte| *byte == b'&').filter(|segment| !segment.is_empty());
        Self(
            pairs
                .map(|segment| {
                    let mut halves = segment.splitn(2, |byte| *byte == b'=');
                    let name = halves.next().unwrap_or_default();
                    let value = halves.next().unwrap_or_default();
                    (unescape(name), unescape(value))
                })
                .collect(),
        )
    }

    /// Nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values in wire order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// The bytes of a parameter that may be given once at most.
    ///
    /// # Errors
    /// When it is repeated: of two values nobody knows which one the provider meant.
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<&[u8]>, WebhookError> {
        let mut values = self.pairs().filter(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(WebhookError::Malformed("a parameter is repeated")),
        }
    }

    /// The text of a parameter that may be given once at most.
    ///
    /// # Errors
    /// When it is repeated or not UTF-8.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, WebhookError> {
        self.bytes(name)?
            .map(|value| {
                std::str::from_utf8(value).map_err(|_| WebhookError::Malformed("a value is not UTF-8"))
            })
            .transpose()
    }

    /// The text of a parameter that is always sent.
    ///
    /// # Errors
    /// When it is missing, repeated or not UTF-8.
    pub(crate) fn required(&self, name: &str) -> Result<&str, WebhookError> {
        self.text(name)?.ok_or(WebhookError::Malformed("a parameter is missing"))
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::Form;

    fn decoded(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        Form::decode(body).0
    }

    #[test]
    fn keeps_every_byte_and_the_wire_order() {
        assert_eq!(
            decoded(b"a=1&a=%32&b"),
            [(b"a".to_vec(), b"1".to_vec()), (b"a".to_vec(), b"2".to_vec()), (b"b".to_vec(), vec![])]
        );
        assert_eq!(
            decoded(b"a=%ff%2&&=x=+"),
            [(b"a".to_vec(), vec![0xff, b'%', b'2']), (vec![], b"x= ".to_vec())]
        );
        assert!(decoded(b"").is_empty());
    }

    #[test]
    fn a_repeated_parameter_has_no_value() {
        let form = Form::decode(b"a=1&a=1&b=%ff&c=");
        assert!(form.bytes("a").is_err());
        assert!(form.text("b").is_err());
        assert_eq!(form.text("c"), Ok(Some("")));
        assert_eq!(form.text("d"), Ok(None));
        assert!(form.required("d").is_err());
    }
}
