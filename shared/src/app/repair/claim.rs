//! Whose a setting is to write.

use crate::domain::account::Owner;
use crate::domain::mark::Marker;
use crate::domain::number::PhoneNumber;

/// Whether the settings of something at a provider are ours to write. Everything else is at most
/// reported.
///
/// It must be known here, which the caller has looked up: `record`, a number that a tenant holds through
/// this account, or what the account's settings or such numbers name. Then
///
/// * what this stack bought is ours, wherever it is: the record says so, or the mark at the provider;
/// * in an account of the platform all of it is: the platform gave those numbers to its tenants, and
///   entered those settings for us;
/// * in a tenant's own account nothing else is. What was imported from there may be another system's
///   as well, and importing does not change where its events go.
pub fn is_ours(owner: &Owner, record: Option<&PhoneNumber>, mark: Option<&str>, marker: &Marker) -> bool {
    let bought =
        record.is_some_and(PhoneNumber::is_managed) || mark.is_some_and(|mark| marker.read(mark).is_some());
    match owner {
        Owner::Platform => true,
        Owner::Tenant(_) => bought,
    }
}

#[cfg(test)]
mod tests {
    use super::is_ours;
    use crate::domain::account::Owner;
    use crate::domain::ids::PurchaseId;
    use crate::domain::mark::Marker;

    #[test]
    fn a_tenants_own_account_is_the_tenants_but_for_what_was_bought() {
        let (ours, id) = (Marker::new("prod"), PurchaseId::from_bits(7));
        let own = Owner::Tenant("acme".parse().unwrap());
        for (mark, expected) in [
            (Some(ours.mark(id)), true),
            (Some(Marker::new("staging").mark(id)), false),
            (Some(format!("my {}", ours.mark(id))), false),
            (Some("tandem:prod:Reception".to_owned()), false),
            (None, false),
        ] {
            assert_eq!(is_ours(&own, None, mark.as_deref(), &ours), expected, "{mark:?}");
            assert!(is_ours(&Owner::Platform, None, mark.as_deref(), &ours));
        }
    }
}
