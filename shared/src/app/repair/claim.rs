//! Whose a setting is to write.

use crate::domain::account::Owner;

/// Whether the settings of something at a provider are ours to write. Everything else is at most
/// reported.
///
/// It must be known here, which the caller has looked up: a number that a tenant holds through this
/// account, or what the account's settings or such numbers name. Then
///
/// * what carries this stack's mark is ours, wherever it is;
/// * in an account of the platform all of it is: the platform gave those numbers to its tenants, and
///   entered those settings for us;
/// * in a tenant's own account nothing else is. What was imported from there may be another system's
///   as well, and importing does not change where its events go.
pub fn is_ours(owner: &Owner, mark: Option<&str>, stack: &str) -> bool {
    match owner {
        Owner::Platform => true,
        Owner::Tenant(_) => mark.is_some_and(|mark| is_marked(mark, stack)),
    }
}

/// `tandem:{stack}:{what made it}`.
fn is_marked(mark: &str, stack: &str) -> bool {
    let rest = mark.strip_prefix("tandem:").and_then(|rest| rest.strip_prefix(stack));
    rest.and_then(|rest| rest.strip_prefix(':')).is_some_and(|made_by| !made_by.is_empty())
}

#[cfg(test)]
mod tests {
    use super::is_ours;
    use crate::domain::account::Owner;

    #[test]
    fn a_tenants_own_account_is_the_tenants_but_for_what_is_marked() {
        let own = Owner::Tenant("acme".parse().unwrap());
        for (mark, ours) in [
            (Some("tandem:prod:01JDEM"), true),
            (Some("tandem:prod:"), false),
            (Some("tandem:prod"), false),
            (Some("tandem:production:01JDEM"), false),
            (Some("tandem:staging:01JDEM"), false),
            (Some("my tandem:prod:01JDEM"), false),
            (Some("Reception"), false),
            (None, false),
        ] {
            assert_eq!(is_ours(&own, mark, "prod"), ours, "{mark:?}");
            assert!(is_ours(&Owner::Platform, mark, "prod"));
        }
    }
}
