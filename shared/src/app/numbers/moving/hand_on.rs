//! Texts that came while a number was moving become messages of whoever has it in the end, each once, under
//! the id that its webhook would have given it.

use super::saga::MoveSaga;
use crate::app::receive_message::{consent_change, message};
use crate::domain::moving::Move;
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use crate::ports::{ParkedText, Recorded, StoreError};

impl MoveSaga {
    /// Hands on what waits for a number whose move is over.
    pub(super) async fn hand_on(
        &self,
        number: &PhoneNumber,
        moving: &Move,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let parked = self.moves.parked(&number.tenant, number.id).await?;
        if parked.is_empty() {
            return Ok(());
        }
        let stays = moving.refused || moving.tenant == number.tenant;
        let holder = match stays {
            true => number.clone(),
            false => {
                let held = self.inventory.number(&moving.tenant, moving.number).await?;
                held.ok_or_else(|| StoreError::Corrupt("moved number".to_owned()))?
            }
        };
        for text in parked {
            self.hand_on_one(number, &holder, text, now).await?;
        }
        Ok(())
    }

    async fn hand_on_one(
        &self,
        number: &PhoneNumber,
        holder: &PhoneNumber,
        parked: ParkedText,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // A process that remembered the old holder has given it the same text: then it is told already.
        let told = self.messages.message(&number.tenant, parked.message).await?.is_some();
        if !told {
            let mut message =
                message(parked.provider, &parked.account, holder, parked.text.clone(), parked.at);
            // Late, so that nothing answers it.
            message.found_at = Some(now);
            let consent = consent_change(&message);
            match self.inbox.record(&message, consent.as_ref()).await? {
                Recorded::New => tracing::info!(
                    provider = %message.provider, message_id = %message.id, tenant = %message.tenant,
                    number = %holder.id, "Parked message handed on"
                ),
                Recorded::Replay => {}
                Recorded::Mismatch => tracing::warn!(
                    provider = %message.provider, message_id = %message.id,
                    "Another text is stored under the id of a parked one"
                ),
            }
        }
        self.moves.unpark(&parked).await
    }
}
