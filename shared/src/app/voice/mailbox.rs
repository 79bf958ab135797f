//! The mailbox, and the sound of recordings, as users have them.

use std::sync::Arc;

use crate::api::call::{VoicemailBody, VoicemailRequest};
use crate::app::present::recording_url;
use crate::app::problem::{Code, Problem};
use crate::domain::ids::TenantId;
use crate::domain::message::MediaCopy;
use crate::domain::recording::{Recording, RecordingId};
use crate::ports::{Clock, MediaLinks, Page, PageRequest, RecordingRecords, Voicemails};

/// Reads and files messages.
pub struct Mailbox {
    /// Lists of them.
    pub voicemails: Arc<dyn Voicemails>,
    /// Recordings.
    pub recordings: Arc<dyn RecordingRecords>,
    /// Links to them.
    pub links: Arc<dyn MediaLinks>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Mailbox {
    /// A tenant's messages, the newest first.
    ///
    /// # Errors
    /// A bad cursor, and our own failures.
    pub async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<VoicemailBody>, Problem> {
        let page = self.voicemails.voicemails(tenant, page).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for message in &page.items {
            items.push(self.body(message).await?);
        }
        Ok(Page { items, next: page.next })
    }

    /// One message.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for a recording that is none.
    pub async fn get(&self, tenant: &TenantId, id: &str) -> Result<VoicemailBody, Problem> {
        let found = self.recording(tenant, id).await?;
        self.body(found.as_ref().filter(|found| found.is_voicemail()).ok_or_else(nobody)?).await
    }

    /// Says what has become of a message.
    ///
    /// # Errors
    /// As [`Mailbox::get`].
    pub async fn file(
        &self,
        tenant: &TenantId,
        id: &str,
        request: &VoicemailRequest,
    ) -> Result<VoicemailBody, Problem> {
        let id: RecordingId = id.parse().map_err(|_| nobody())?;
        let filed = self.voicemails.file_voicemail(tenant, &id, request.status, self.clock.now()).await?;
        self.body(&filed.ok_or_else(nobody)?).await
    }

    /// A link to the sound of a recording or a message, good for 5 minutes.
    ///
    /// # Errors
    /// `NOT_FOUND`, also while there is none.
    pub async fn content(&self, tenant: &TenantId, id: &str) -> Result<String, Problem> {
        match self.recording(tenant, id).await?.map(|found| found.copy) {
            Some(MediaCopy::Stored { key, .. }) => Ok(self.links.link(&key).await?),
            Some(MediaCopy::Pending | MediaCopy::Failed { .. }) => {
                Err(nobody().with_detail("There is no sound of this recording, or not yet"))
            }
            None => Err(nobody()),
        }
    }

    async fn recording(&self, tenant: &TenantId, id: &str) -> Result<Option<Recording>, Problem> {
        let id: RecordingId = id.parse().map_err(|_| nobody())?;
        Ok(self.recordings.recording(tenant, &id).await?)
    }

    async fn body(&self, message: &Recording) -> Result<VoicemailBody, Problem> {
        Ok(VoicemailBody::new(message, recording_url(message, self.links.as_ref()).await?))
    }
}

fn nobody() -> Problem {
    Problem::new(Code::NotFound)
}
