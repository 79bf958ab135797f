//! Templates, opt-outs and machine clients in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::consent::{ContactConsent, Evidence};
use crate::domain::template::{self, Template};

/// What `POST /api/templates` and `PUT /api/templates/{id}` read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateRequest {
    /// Its name: letters, digits, `.`, `_`, `@`, `-`; at most 64. In a PUT the path names it.
    pub id: Option<String>,
    /// The text, with `{{variables}}`; at most 1,600 characters.
    pub body: String,
    /// Append an opt-out instruction where the text has none.
    pub opt_out_line: Option<bool>,
}

/// A template.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateBody {
    /// Its name.
    pub id: String,
    /// The text.
    pub body: String,
    /// The names of its variables, in their order.
    pub variables: Vec<String>,
    /// An opt-out instruction is appended where the text has none.
    pub opt_out_line: bool,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Template> for TemplateBody {
    fn from(template: &Template) -> Self {
        Self {
            id: template.id.to_string(),
            body: template.body.clone(),
            variables: template::variables(&template.body).unwrap_or_default(),
            opt_out_line: template.opt_out_line,
            created_at: template.created_at.to_string(),
            updated_at: template.updated_at.to_string(),
        }
    }
}

/// What `POST /api/opt-outs` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptOutRequest {
    /// The contact: a phone number.
    pub contact: String,
    /// Why, in your own words; at most 500 characters.
    pub note: Option<String>,
}

/// What a contact allows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OptOutBody {
    /// The contact.
    pub contact: String,
    /// Nothing may be sent.
    pub opted_out: bool,
    /// Since when the contact's own STOP is in force; START lifts it.
    pub text_opted_out_at: Option<String>,
    /// Since when it is on your do-not-contact list; only you lift it.
    pub do_not_contact_at: Option<String>,
    /// What the last change rests on.
    pub evidence: EvidenceBody,
    /// When it last changed.
    pub updated_at: String,
}

/// What a change rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceBody {
    /// `text` or `user`.
    pub source: &'static str,
    /// The message that says so.
    pub message_id: Option<String>,
    /// The user who recorded it.
    pub user_id: Option<String>,
    /// In the user's words.
    pub note: Option<String>,
}

impl From<&ContactConsent> for OptOutBody {
    fn from(consent: &ContactConsent) -> Self {
        Self {
            contact: consent.contact.as_str().to_owned(),
            opted_out: consent.is_blocked(),
            text_opted_out_at: consent.text_blocked_at.map(|at| at.to_string()),
            do_not_contact_at: consent.do_not_contact_at.map(|at| at.to_string()),
            evidence: match &consent.evidence {
                Evidence::Text { message, .. } => EvidenceBody {
                    source: "text",
                    message_id: Some(message.to_string()),
                    user_id: None,
                    note: None,
                },
                Evidence::User { user, note } => EvidenceBody {
                    source: "user",
                    message_id: None,
                    user_id: Some(user.to_string()),
                    note: note.clone(),
                },
            },
            updated_at: consent.updated_at.to_string(),
        }
    }
}

/// What `PUT /api/clients/{clientId}` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientRequest {
    /// The tenant that the client speaks for.
    pub tenant_id: String,
}

/// A machine client.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientBody {
    /// The client id of its tokens.
    pub client_id: String,
    /// The tenant that it speaks for.
    pub tenant_id: String,
}
