//! Recordings, and the mailbox.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use telephony::domain::ids::TenantId;
use telephony::domain::message::MediaCopy;
use telephony::domain::recording::{MailboxState, Recording, RecordingId, RecordingStatus};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    Merged, OverdueRecording, Page, PageRequest, RecordingChange, RecordingRecords, StoreError, Voicemails,
};

use super::listing::Listing;
use super::requests::Written;
use super::write::Write;
use super::{Store, recording_item};
use crate::item::{Fields, corrupt, json, millis, text, word};
use crate::keys::{self, GSI2PK, GSI2SK, SHARDS, TIMELINE};

/// How long the stream has to hand out a copy before the net looks.
const STREAM_GRACE: Duration = Duration::from_secs(60);

#[async_trait]
impl RecordingRecords for Store {
    async fn merge_recording(&self, change: &RecordingChange) -> Result<Merged, StoreError> {
        let facts = recording_item::facts(change)?;
        let write = match &change.state {
            Some(state) => recording_item::state(facts, change, state, change.at.plus(STREAM_GRACE))?,
            None => facts,
        };
        match self.write(write, false).await? {
            Written::Done(_) => Ok(Merged::Applied),
            // Not higher: whoever told the higher one told everything else as well.
            Written::Refused(stored)
                if Fields(&stored).maybe_text("acct") == Some(change.account.as_str()) =>
            {
                Ok(Merged::Stale)
            }
            Written::Refused(_) => Ok(Merged::Foreign),
        }
    }

    async fn recording(&self, tenant: &TenantId, id: &RecordingId) -> Result<Option<Recording>, StoreError> {
        let item = self.read(&keys::recording(tenant, id), true).await?;
        item.as_ref().map(recording_item::read).transpose()
    }

    async fn set_recording_copy(
        &self,
        tenant: &TenantId,
        id: &RecordingId,
        copy: &MediaCopy,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if *copy == MediaCopy::Pending {
            return Ok(());
        }
        let write = Write::update(keys::recording(tenant, id))
            .set("cp", json(copy)?)
            .set("ua", millis(now))
            .remove(GSI2PK)
            .remove(GSI2SK)
            .when("attribute_exists(#acct) AND attribute_not_exists(#cp)");
        self.wrote(write).await.map(|_| ())
    }

    async fn set_recording_due(
        &self,
        tenant: &TenantId,
        id: &RecordingId,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        let write = Write::update(keys::recording(tenant, id))
            .set(GSI2PK, text(keys::pending_recordings(keys::shard_of_call(id.call))))
            .set(GSI2SK, text(keys::recording_due(due, tenant, id)))
            .when("attribute_exists(#acct) AND attribute_not_exists(#cp)");
        self.wrote(write).await.map(|_| ())
    }

    async fn overdue_recordings(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OverdueRecording>, StoreError> {
        let shards = (0..SHARDS).map(|shard| async move {
            let due = self.past(&keys::pending_recordings(shard), now, limit).await?;
            let read = |sk: &String| keys::read_recording_due(sk).ok_or_else(|| corrupt(GSI2SK));
            due.iter().map(read).collect::<Result<Vec<_>, _>>()
        });
        let found = try_join_all(shards).await?.into_iter().flatten();
        Ok(found.map(|(due, tenant, id)| OverdueRecording { tenant, id, due }).collect())
    }
}

#[async_trait]
impl Voicemails for Store {
    async fn voicemails(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Recording>, StoreError> {
        let listing = Listing::newest_first(keys::voicemails(tenant)).on(TIMELINE);
        let page = self.list_whole(&listing, page).await?;
        let items = page.items.iter().map(recording_item::read).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    async fn file_voicemail(
        &self,
        tenant: &TenantId,
        id: &RecordingId,
        state: MailboxState,
        now: Timestamp,
    ) -> Result<Option<Recording>, StoreError> {
        let write =
            Write::update(keys::recording(tenant, id)).set("mb", word(&state)?).set("ua", millis(now));
        let write = match state {
            MailboxState::New => write.remove("la"),
            MailboxState::Listened => write.set_once("la", millis(now)),
            MailboxState::Archived => write,
        };
        let write = write
            .when("#of = :message AND #st = :made")
            .with("message", text("message"))
            .with("made", text(RecordingStatus::Completed.as_str()));
        match self.write(write, true).await? {
            Written::Done(item) => recording_item::read(&item).map(Some),
            Written::Refused(_) => Ok(None),
        }
    }
}
