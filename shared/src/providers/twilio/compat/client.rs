//! The Messages resource: build a request, hand it to the transport, read the answer.

use std::time::Duration;

use async_trait::async_trait;
use form_urlencoded::Serializer;

use super::answer;
use super::rest::{MAX_PAGES, PAGE_SIZE, Rest};
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::messaging::{Accepted, MessageQuery, Messaging, OutboundText, RemoteMessage};

/// How much before the time that is looked for a list is followed: days are days of somewhere.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The sending half of one account.
pub(crate) struct Client {
    /// The way there.
    pub(crate) rest: Rest,
    /// The messaging service that sends, if any.
    pub(crate) messaging_service: Option<String>,
}

#[async_trait]
impl Messaging for Client {
    async fn send(&self, text: &OutboundText) -> Result<Accepted, ProviderError> {
        let url = self.rest.url(&self.messages());
        let answer = self.rest.post("send", &url, self.form(text)).await?;
        answer::accepted(self.rest.dialect, &answer)
    }

    async fn fetch(&self, sid: &ProviderSid) -> Result<RemoteMessage, ProviderError> {
        let url = self.rest.url(&format!("{}/{sid}", self.messages()));
        let answer = self.rest.get("fetch", &url).await?;
        answer::fetched(self.rest.dialect, &answer)
    }

    /// The filter of the providers knows days only, so it asks from the day before and the rest is
    /// sifted here by the time of creation, to the second, which is all that they tell.
    async fn find(&self, query: &MessageQuery) -> Result<Vec<RemoteMessage>, ProviderError> {
        let since = Timestamp::from_millis(query.since.seconds().saturating_mul(1000));
        let mut found = Vec::new();
        let mut url = self.find_url(query);
        for _ in 0..MAX_PAGES {
            let answer = self.rest.get("find", &url).await?;
            let page = answer::page(self.rest.dialect, &answer)?;
            // Lists are newest first; a whole page from before yesterday ends the search.
            let past = !page.messages.is_empty()
                && page
                    .messages
                    .iter()
                    .all(|listed| listed.message.created_at.is_some_and(|at| at < since.minus(DAY)));
            // A filter that a provider ignored must not make a stranger's message ours.
            found.extend(page.messages.into_iter().filter_map(|listed| {
                let message = listed.message;
                let young = message.created_at.is_none_or(|at| at >= since);
                // The sender is still open while a messaging service is choosing it.
                let same_sender = message.from.is_empty() || message.from == query.from;
                (listed.outbound && young && same_sender && message.to == query.to).then_some(message)
            }));
            match page.next {
                None => return Ok(found),
                Some(_) if past => return Ok(found),
                Some(next) => {
                    url = self
                        .rest
                        .next_url(&self.messages(), &next)
                        .ok_or_else(|| answer::unexpected(self.rest.dialect, "find", &answer))?;
                }
            }
        }
        // A list that was cut short must not read as "it is not there".
        Err(self.rest.error("find", ErrorKind::UnexpectedResponse, Effect::Unknown))
    }
}

impl Client {
    fn form(&self, text: &OutboundText) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("To", &text.to).append_pair("From", &text.from);
        if let Some(service) = &self.messaging_service {
            // With both, the service's settings hold and the sender is the one that is named.
            form.append_pair("MessagingServiceSid", service);
        }
        if !text.body.is_empty() {
            form.append_pair("Body", &text.body);
        }
        for media in &text.media_urls {
            form.append_pair("MediaUrl", media);
        }
        let id = format!("?m={}", text.callback.id);
        let callback = self.rest.callback(&text.callback.base, "status-callback", &id);
        form.append_pair("StatusCallback", &callback);
        form.finish()
    }

    /// Asks for all messages of the pair, whatever their date: `DateSent` filters by the day of sending,
    /// and a message that waits has none yet. Left out of the answer, it would read as never sent, and
    /// be sent again.
    fn find_url(&self, query: &MessageQuery) -> String {
        let mut filter = Serializer::new(String::new());
        filter
            .append_pair("To", &query.to)
            .append_pair("From", &query.from)
            .append_pair("PageSize", PAGE_SIZE);
        format!("{}?{}", self.rest.url(&self.messages()), filter.finish())
    }

    fn messages(&self) -> String {
        self.rest.resource("Messages")
    }
}
