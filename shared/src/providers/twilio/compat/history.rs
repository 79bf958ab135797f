//! The Messages resource, read for what was received.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::Response;
use serde::Deserialize;

use super::answer::{self, Listing};
use super::client::DAY;
use super::rest::{PAGE_SIZE, Rest};
use crate::domain::address::Address;
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::history::{InboundHistory, RemoteInbound};
use crate::provider::numbers::RemotePage;
use crate::provider::webhooks::{InboundMedia, InboundText};
use crate::providers::twilio::wire::{Figure, WireMessage};

/// By so much entries may stand out of the order of their list before the rest of it is not read.
const DISORDER: Duration = Duration::from_secs(60 * 60);

/// An attachment (OpenAPI api_v2010, `api.v2010.account.message.media`; SignalWire's compatibility API,
/// `Media`).
#[derive(Debug, Deserialize)]
struct WireMedia {
    sid: String,
    content_type: Option<String>,
}

/// The texts that one account has received.
pub(crate) struct History(pub(crate) Rest);

#[async_trait]
impl InboundHistory for History {
    /// The filter knows days of GMT only, and one provider says "on and after" where the other says
    /// "after" (OpenAPI api_v2010, `DateSent>`; SignalWire's compatibility API, the same): it asks from
    /// the day before, and the rest is sifted here by the time of creation. A webhook that failed has a
    /// `date_sent` all the same: for an inbound message it is when the provider called.
    async fn received(
        &self,
        since: Timestamp,
        until: Timestamp,
        page: Option<&str>,
    ) -> Result<RemotePage<RemoteInbound>, ProviderError> {
        const OPERATION: &str = "list received";
        let url = match page {
            None => self.list_url(since),
            Some(page) => self
                .0
                .next_url(&self.messages(), page)
                .ok_or_else(|| self.0.error(OPERATION, ErrorKind::InvalidRequest, Effect::NotSent))?,
        };
        let answer = self.0.get(OPERATION, &url).await?;
        let page: Listing<WireMessage> = answer::listing(self.0.dialect, OPERATION, "messages", &answer)?;
        let next = self.next(OPERATION, &answer, page.next)?;
        let over = ends_before(&page.items, since.minus(DISORDER));
        let mut items = Vec::new();
        for wire in page.items.into_iter().filter(|wire| wire.direction.as_deref() == Some("inbound")) {
            match remote(wire) {
                Some(found) if found.at >= since && found.at < until => items.push(found),
                Some(_) => {}
                // One entry that nobody can read must not hide all the others for good.
                None => {
                    tracing::error!(provider = %self.0.dialect.provider, "A received text cannot be read")
                }
            }
        }
        Ok(RemotePage { items, next: next.filter(|_| !over) })
    }

    async fn media(&self, sid: &ProviderSid) -> Result<Vec<InboundMedia>, ProviderError> {
        const OPERATION: &str = "list media";
        let list = format!("{}/{}/Media", self.messages(), self.0.checked(OPERATION, sid.as_str())?);
        let answer = self.0.get(OPERATION, &self.0.url(&list)).await?;
        let media: Listing<WireMedia> = answer::listing(self.0.dialect, OPERATION, "media_list", &answer)?;
        (0_u32..)
            .zip(media.items)
            .map(|(index, wire)| {
                let strange = |_| answer::unexpected(self.0.dialect, OPERATION, &answer);
                let sid = self.0.checked(OPERATION, &wire.sid).map_err(strange)?;
                // In a webhook the URL has no ending.
                let url = format!("{list}/{sid}");
                Ok(InboundMedia { index, url, content_type: wire.content_type.unwrap_or_default() })
            })
            .collect()
    }
}

impl History {
    fn messages(&self) -> String {
        self.0.resource("Messages")
    }

    fn list_url(&self, since: Timestamp) -> String {
        let mut filter = Serializer::new(String::new());
        filter.append_pair("DateSent>", &since.minus(DAY).day()).append_pair("PageSize", PAGE_SIZE);
        format!("{}?{}", self.0.url(&self.messages()), filter.finish())
    }

    /// The next page, if it is one of this list.
    fn next(
        &self,
        operation: &'static str,
        answer: &Response<Bytes>,
        next: Option<String>,
    ) -> Result<Option<String>, ProviderError> {
        match next {
            Some(next) if self.0.next_url(&self.messages(), &next).is_none() => {
                Err(answer::unexpected(self.0.dialect, operation, answer))
            }
            next => Ok(next),
        }
    }
}

/// The list is newest first by what this page shows of it (the order is not documented), and its rest is
/// older than `since`.
fn ends_before(page: &[WireMessage], since: Timestamp) -> bool {
    match (page.first().and_then(time), page.last().and_then(time)) {
        (Some(first), Some(last)) => last < first && last < since,
        (_, _) => false,
    }
}

/// Where an entry stands in its list, by whichever time the list is sorted: a text that was scheduled is
/// created long before it is sent.
fn time(wire: &WireMessage) -> Option<Timestamp> {
    let times = [&wire.date_created, &wire.date_sent];
    times.into_iter().flatten().filter_map(|date| Timestamp::parse_rfc2822(date)).max()
}

fn remote(wire: WireMessage) -> Option<RemoteInbound> {
    let count = |figure: Option<Figure>| figure.and_then(|figure| figure.text().parse::<u32>().ok());
    let created = wire.date_created.as_deref().and_then(Timestamp::parse_rfc2822);
    let at = created.or_else(|| wire.date_sent.as_deref().and_then(Timestamp::parse_rfc2822))?;
    let text = InboundText {
        sid: wire.sid?.parse().ok()?,
        from: Address::parse(&wire.from?),
        to: Address::parse(&wire.to?),
        body: wire.body.unwrap_or_default(),
        segments: count(wire.num_segments).filter(|segments| *segments > 0),
        media: Vec::new(),
        answered_by_provider: false,
    };
    Some(RemoteInbound { text, media: count(wire.num_media).unwrap_or(0), at })
}
