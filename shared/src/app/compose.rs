//! A request to send becomes a message, or a problem that names the field.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::problem::{Code, Problem};
use super::retry;
use super::route::{Router, provider};
use crate::api::message::{PreviewRequest, SendRequest};
use crate::domain::address::Address;
use crate::domain::conversation::conversation_id;
use crate::domain::ids::{MessageId, TenantId, UserId};
use crate::domain::message::{Direction, MediaRef, Message, Origin, RouteNote};
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::routing::{Capability, RouteRecord, RouteRequest};
use crate::domain::segments::{self, Segmentation};
use crate::domain::template::{self, TemplateError};
use crate::domain::timestamp::Timestamp;
use crate::ports::Templates;
use crate::provider::{Environment, registry};

/// The longest text in characters (error 21617 at Twilio and SignalWire alike).
pub const MAX_BODY_CHARS: usize = 1_600;
/// The longest URL of an attachment.
const MAX_URL_CHARS: usize = 2_048;
/// How far ahead a send may be scheduled.
const MAX_AHEAD: std::time::Duration = std::time::Duration::from_secs(35 * 24 * 3600);

/// Composes messages.
pub struct Compose {
    /// Finds the sender.
    pub router: Router,
    /// Stored templates.
    pub templates: Arc<dyn Templates>,
    /// The country of national forms (ISO 3166).
    pub default_country: String,
    /// Where this process runs.
    pub environment: Environment,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// For which tenant.
    pub tenant: TenantId,
    /// Which user.
    pub user: UserId,
}

/// A message that may be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The message.
    pub message: Message,
    /// How its sender was chosen.
    pub decision: RouteRecord,
}

/// A text with its attachments, checked.
struct Content {
    body: String,
    media: Vec<MediaRef>,
}

impl Compose {
    /// The message that a request asks for, under the id `id`.
    ///
    /// # Errors
    /// A problem that names the field, or the code of the contract.
    pub async fn compose(
        &self,
        caller: &Caller,
        request: &SendRequest,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Composed, Problem> {
        let to = self.recipient("to", &request.to)?;
        let times = times(request, now)?;
        let lead = optional("leadId", request.lead_id.as_deref())?;
        let purpose = request.purpose.unwrap_or_default();
        let conversation = conversation_id(&caller.tenant, &[&Address::Phone(to.clone())]);
        let wanted = self.wanted(request, to.clone())?;
        let content = self
            .content(
                &caller.tenant,
                request.message.as_deref(),
                request.media_url.as_deref(),
                request.template_id.as_deref(),
                request.variables.as_ref(),
            )
            .await?;
        let (number, decision) = self.sender(&caller.tenant, wanted, &content).await?;
        let note = RouteNote {
            reasons: decision.reasons(),
            decided_by: decision.outcome.decided_by().map(str::to_owned),
        };
        let counted = segments::segment(&content.body);
        let price = self.charge(Some(&to), &content, counted);
        let message = Message {
            id,
            tenant: caller.tenant.clone(),
            conversation,
            direction: Direction::Outbound,
            provider: number.provider,
            account: number.account.clone(),
            number: number.id,
            from: Address::Phone(number.phone),
            to: Address::Phone(to),
            body: content.body,
            media: content.media,
            segments: counted.segments,
            encoding: counted.encoding,
            own_account: number.own_account,
            price: if number.own_account { None } else { price },
            purpose,
            origin: Origin::Api,
            intent: None,
            answered_by_provider: false,
            user: Some(caller.user.clone()),
            lead,
            agent: number.agent,
            auto_answer: None,
            inbound_sid: None,
            found_at: None,
            send_at: times.0,
            send_before: Some(
                times.1.unwrap_or_else(|| times.0.unwrap_or(now).plus(retry::validity(purpose))),
            ),
            route: Some(note),
            created_at: now,
        };
        Ok(Composed { message, decision })
    }

    /// What a text would look like and cost.
    ///
    /// # Errors
    /// A problem that names the field.
    pub async fn preview(
        &self,
        tenant: &TenantId,
        request: &PreviewRequest,
    ) -> Result<(String, Segmentation, Option<crate::domain::money::Micros>), Problem> {
        let to = match &request.to {
            Some(to) => Some(self.recipient("to", to)?),
            None => None,
        };
        let content = self
            .content(
                tenant,
                request.message.as_deref(),
                request.media_url.as_deref(),
                request.template_id.as_deref(),
                request.variables.as_ref(),
            )
            .await?;
        let counted = segments::segment(&content.body);
        let price = self.charge(to.as_ref(), &content, counted);
        Ok((content.body, counted, price))
    }

    fn charge(
        &self,
        to: Option<&E164>,
        content: &Content,
        counted: Segmentation,
    ) -> Option<crate::domain::money::Micros> {
        let country = match to {
            Some(to) => to.country(),
            None => Some(self.default_country.as_str()),
        };
        self.router.prices.message_charge(country, !content.media.is_empty(), counted.segments)
    }

    fn recipient(&self, field: &'static str, text: &str) -> Result<E164, Problem> {
        E164::from_input(text, &self.default_country)
            .map_err(|_| Problem::new(Code::InvalidNumber).and_field(field, "is not a valid phone number"))
    }

    /// What is asked of the router, but for what the text needs.
    fn wanted(&self, request: &SendRequest, to: E164) -> Result<RouteRequest, Problem> {
        let from = match request.from.as_deref() {
            None => None,
            // A number that is held is not asked whether its plan knows it.
            Some(text) => Some(text.trim().parse().or_else(|_| self.recipient("from", text))?),
        };
        let account = match request.provider_account_id.as_deref() {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                Problem::new(Code::NoRoute).and_field("providerAccountId", "names no account")
            })?),
        };
        let provider = provider("providerOverride", request.provider_override.as_deref())?;
        Ok(RouteRequest { from, provider, account, ..RouteRequest::new(to, []) })
    }

    /// The number that sends this, and how it was chosen.
    async fn sender(
        &self,
        tenant: &TenantId,
        mut wanted: RouteRequest,
        content: &Content,
    ) -> Result<(PhoneNumber, RouteRecord), Problem> {
        wanted.needs.insert(if content.media.is_empty() { Capability::Sms } else { Capability::Mms });
        let gathered = self.router.gather(tenant, &wanted).await?;
        let record = RouteRecord::decide(wanted, &gathered.candidates, gathered.context.clone());
        let selected = record.outcome.selected().map(|selected| &selected.number);
        let number = gathered.numbers.iter().find(|number| Some(&number.phone) == selected);
        let number = number.cloned().ok_or_else(|| gathered.no_route(&record.request))?;
        let limits = registry::capabilities(number.provider);
        if content.body.chars().count() > limits.max_body {
            let words = format!("must have at most {} characters at {}", limits.max_body, number.provider);
            return Err(Problem::field("message", words));
        }
        let most = limits.max_media;
        if content.media.len() > most {
            let words = format!("must have at most {most} entries at {}", number.provider);
            return Err(Problem::field("mediaUrl", words));
        }
        Ok((number, record))
    }

    async fn content(
        &self,
        tenant: &TenantId,
        message: Option<&str>,
        media: Option<&[String]>,
        template: Option<&str>,
        variables: Option<&BTreeMap<String, String>>,
    ) -> Result<Content, Problem> {
        let media = media.unwrap_or_default();
        let body = match (message, template) {
            (Some(_), Some(_)) => {
                return Err(Problem::field("templateId", "must not be given together with message"));
            }
            (Some(text), None) => text.to_owned(),
            (None, Some(id)) => self.filled_in(tenant, id, variables).await?,
            (None, None) => String::new(),
        };
        if template.is_none() && variables.is_some() {
            return Err(Problem::field("variables", "need a templateId"));
        }
        if body.trim().is_empty() && media.is_empty() {
            return Err(Problem::field("message", "message, mediaUrl or templateId must say something"));
        }
        if body.chars().count() > MAX_BODY_CHARS {
            let field = if template.is_some() { "templateId" } else { "message" };
            return Err(Problem::field(field, "must have at most 1600 characters"));
        }
        if body.contains('\0') {
            return Err(Problem::field("message", "must not contain NUL"));
        }
        Ok(Content { body, media: self.attachments(media)? })
    }

    async fn filled_in(
        &self,
        tenant: &TenantId,
        id: &str,
        variables: Option<&BTreeMap<String, String>>,
    ) -> Result<String, Problem> {
        let unknown =
            || Problem::new(Code::TemplateNotFound).and_field("templateId", "names no template of yours");
        let id = id.parse().map_err(|_| unknown())?;
        let stored = self.templates.get(tenant, &id).await?.ok_or_else(unknown)?;
        let empty = BTreeMap::new();
        let text = template::render(&stored.body, variables.unwrap_or(&empty)).map_err(template_problem)?;
        Ok(if stored.opt_out_line { template::with_opt_out_line(&text) } else { text })
    }

    /// Providers fetch attachments from public https URLs; what is not one fails here, not there.
    fn attachments(&self, urls: &[String]) -> Result<Vec<MediaRef>, Problem> {
        urls.iter()
            .enumerate()
            .map(|(n, text)| {
                if is_attachment(text, &self.environment) {
                    Ok(MediaRef { url: text.clone(), content_type: None })
                } else {
                    Err(Problem::field(format!("mediaUrl[{n}]"), "must be a public https URL"))
                }
            })
            .collect()
    }
}

/// The URL of an attachment that a provider can fetch.
pub(super) fn is_attachment(text: &str, environment: &Environment) -> bool {
    text.len() <= MAX_URL_CHARS
        && url::Url::parse(text).is_ok_and(|url| {
            let local = environment.local && url.scheme() == "http";
            (url.scheme() == "https" || local)
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        })
}

/// What went wrong with a template, as a problem of the variables.
pub fn template_problem(error: TemplateError) -> Problem {
    match error {
        TemplateError::Missing(names) => {
            names.into_iter().fold(Problem::new(Code::ValidationFailed), |problem, name| {
                problem.and_field(format!("variables.{name}"), "is missing")
            })
        }
        TemplateError::Malformed => Problem::field("body", "has a malformed {{variable}}"),
    }
}

fn times(request: &SendRequest, now: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let read = |field: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => Timestamp::parse_rfc3339(text)
            .map(Some)
            .ok_or_else(|| Problem::field(field, "must be an RFC 3339 time")),
    };
    let send_at = read("sendAt", &request.send_at)?;
    let send_before = read("sendBefore", &request.send_before)?;
    if send_at.is_some_and(|at| at <= now || at > now.plus(MAX_AHEAD)) {
        return Err(Problem::field("sendAt", "must be in the future, at most 35 days ahead"));
    }
    if send_before.is_some_and(|before| before <= send_at.unwrap_or(now)) {
        return Err(Problem::field("sendBefore", "must be later than now and than sendAt"));
    }
    Ok((send_at, send_before))
}

fn optional<T: std::str::FromStr>(field: &'static str, text: Option<&str>) -> Result<Option<T>, Problem> {
    match text {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Problem::field(field, "must have 1 to 128 letters, digits, dots, dashes, underscores or @")
        }),
    }
}
