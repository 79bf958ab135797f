//! What customers are told of numbers: that one is theirs from now on, what became of it, and that it is
//! no longer theirs.

use super::emit::Emit;
use crate::api::numbers::number::NumberBody;
use crate::domain::event::{EventType, NewEvent};
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::ports::StoreError;

impl Emit {
    /// A number was stored or changed. Telling of it twice tells of it once: the event's id follows from
    /// the number and from how often it had changed. `base` is what stands before `/api/` in its URLs.
    ///
    /// # Errors
    /// As [`Emit::emit`].
    pub async fn number(
        &self,
        before: Option<&PhoneNumber>,
        after: &PhoneNumber,
        base: &str,
    ) -> Result<(), StoreError> {
        let Some(kind) = told(before, after) else { return Ok(()) };
        let shown = |number: &PhoneNumber| serde_json::to_value(NumberBody::new(number, base));
        let corrupt = |_| StoreError::Corrupt("number".to_owned());
        let data = shown(after).map_err(corrupt)?;
        // Months that are paid and releases that are tried again show nowhere.
        if kind == EventType::NumberUpdated
            && let Some(before) = before
            && same(&shown(before).map_err(corrupt)?, &data)
        {
            return Ok(());
        }
        let at = after.holding.updated_at.unwrap_or(after.created_at);
        let cause = after.version.to_string();
        self.emit_rare(&NewEvent::of_number(&after.tenant, after.id, kind, &cause, data, at)).await
    }
}

/// A number that was only claimed is nobody's yet, and what ends as a claim was never held.
fn told(before: Option<&PhoneNumber>, after: &PhoneNumber) -> Option<EventType> {
    let held = |number: &PhoneNumber| number.is_routed();
    match (before.is_some_and(held), held(after)) {
        (false, true) => Some(EventType::NumberAdded),
        (true, true) => Some(EventType::NumberUpdated),
        (true, false) => (after.status == NumberStatus::Released).then_some(EventType::NumberReleased),
        (false, false) => None,
    }
}

/// Nothing that anybody is shown differs, but for when it was written.
fn same(before: &serde_json::Value, after: &serde_json::Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return false };
    after.iter().all(|(name, value)| name == "updatedAt" || before.get(name) == Some(value))
}
