//! Lanes and claims: what keeps two equal texts on one lane apart while an answer is lost.

use telephony::domain::ids::{AccountId, ProviderSid};
use telephony::domain::message::{AttemptRef, Lane};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::StoreError;

use super::Store;
use super::write::Write;
use crate::item::{Fields, corrupt, keyed, millis, number, text};
use crate::keys::{self, TTL};

impl Store {
    /// Who blocks the lane, longest.
    pub(super) async fn lane_blocker(
        &self,
        lane: &Lane,
        now: Timestamp,
    ) -> Result<Option<AttemptRef>, StoreError> {
        let mut longest: Option<(Timestamp, AttemptRef)> = None;
        for item in self.read_partition(&keys::lane_partition(lane), "").await? {
            let fields = Fields(&item);
            let until = fields.time("until")?;
            let by = AttemptRef::from_opaque(fields.text("by")?).ok_or_else(|| corrupt("by"))?;
            if until > now && longest.as_ref().is_none_or(|(most, _)| until > *most) {
                longest = Some((until, by));
            }
        }
        Ok(longest.map(|(_, by)| by))
    }

    /// One item for each attempt: two that left together can both be lost, and the lane opens when
    /// neither blocks it any more.
    pub(super) async fn lane_block(
        &self,
        lane: &Lane,
        by: &AttemptRef,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = keyed(&keys::lane(lane, by), "lane");
        item.insert("by".into(), text(by.to_opaque()));
        item.insert("until".into(), millis(until));
        item.insert(TTL.into(), number(until.seconds() + 1));
        self.wrote(Write::put(item)).await.map(|_| ())
    }

    pub(super) async fn lane_open(&self, lane: &Lane, by: &AttemptRef) -> Result<(), StoreError> {
        self.wrote(Write::delete(keys::lane(lane, by))).await.map(|_| ())
    }

    pub(super) async fn claim_sid(
        &self,
        account: &AccountId,
        sid: &ProviderSid,
        by: &AttemptRef,
    ) -> Result<bool, StoreError> {
        let mut item = keyed(&keys::claim(account, sid), "sid");
        item.insert("by".into(), text(by.to_opaque()));
        let write =
            Write::put(item).when("attribute_not_exists(#PK) OR #by = :by").with("by", text(by.to_opaque()));
        self.wrote(write).await
    }
}
