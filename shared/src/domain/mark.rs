//! The mark that a purchase leaves at the provider (friendly name, customer reference, nickname): what
//! carries this stack's mark is ours to release and to repair, and nothing else is.

use super::ids::PurchaseId;

/// The longest name of a stack that is written out. A mark has at most 64 characters, which is what
/// Twilio keeps of a friendly name (api_v2010, `IncomingPhoneNumber`, `FriendlyName`).
const LONGEST_STACK: usize = 29;
const BEGINNING: &str = "tandem:";

/// Writes and reads the marks of one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    stack: String,
}

impl Marker {
    /// Of the stack of this name. A long name keeps its beginning and is told apart by a hash.
    pub fn new(stack: &str) -> Self {
        use sha2::{Digest as _, Sha256};
        let plain: String =
            stack.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
        if plain == stack && (1..=LONGEST_STACK).contains(&stack.len()) {
            return Self { stack: plain };
        }
        let hash: String = hex::encode(Sha256::digest(stack.as_bytes())).chars().take(12).collect();
        let start: String = plain.chars().take(LONGEST_STACK - hash.len() - 1).collect();
        Self { stack: format!("{start}-{hash}") }
    }

    /// The mark of a purchase.
    pub fn mark(&self, purchase: PurchaseId) -> String {
        format!("{BEGINNING}{}:{purchase}", self.stack)
    }

    /// The purchase of a mark of some stack.
    pub fn any(mark: &str) -> Option<PurchaseId> {
        let (stack, id) = mark.strip_prefix(BEGINNING)?.split_once(':')?;
        if stack.is_empty() { None } else { id.parse().ok() }
    }

    /// The purchase of a mark of this stack. `None`: it is not this stack's.
    pub fn read(&self, mark: &str) -> Option<PurchaseId> {
        let rest = mark.strip_prefix(BEGINNING)?.strip_prefix(&self.stack)?;
        rest.strip_prefix(':')?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Marker;
    use crate::domain::ids::PurchaseId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mark_reads_back_and_only_in_its_own_stack(a in "\\PC{0,60}", b in "\\PC{0,60}", bits: u128) {
            let (id, ours, theirs) = (PurchaseId::from_bits(bits), Marker::new(&a), Marker::new(&b));
            let mark = ours.mark(id);
            prop_assert!(mark.len() <= 64, "{mark}");
            prop_assert_eq!(ours.read(&mark), Some(id));
            prop_assert_eq!(Marker::any(&mark), Some(id));
            prop_assert_eq!(theirs.read(&mark), (a == b).then_some(id));
        }
    }

    #[test]
    fn what_people_write_is_no_mark() {
        let marker = Marker::new("tandem-prod");
        for name in
            ["", "Front desk", "tandem:", "tandem:tandem-prod", "tandem:tandem-prod:", "tandem:tandem-prod:x"]
        {
            assert_eq!((marker.read(name), Marker::any(name)), (None, None), "{name}");
        }
    }
}
