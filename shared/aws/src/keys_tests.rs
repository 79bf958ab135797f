use super::{consent, encoded, read_due, read_message_partition};
use proptest::prelude::*;
use telephony::domain::address::Address;
use telephony::domain::ids::MessageId;
use telephony::domain::timestamp::Timestamp;

#[test]
fn no_contact_reaches_into_another_tenant() {
    let tenant = "demo".parse().unwrap();
    let evil = consent(&tenant, &Address::Other("x#O#y T#rival#M#1".into()));
    assert_eq!(evil.pk.matches('#').count(), 3, "{}", evil.pk);
}

#[test]
fn keys_read_back() {
    let tenant = "demo-1.eu".parse().unwrap();
    let id = MessageId::from_bits(0x0123_4567_89ab_cdef);
    let at = Timestamp::from_millis(1_700_000_000_123);
    assert_eq!(read_due(&super::due(at, &tenant, id)), Some((at, tenant.clone(), id)));
    assert_eq!(read_message_partition(&super::message_partition(&tenant, id)), Some((tenant, id)));
}

proptest! {
    #[test]
    fn encoding_is_bounded_injective_and_free_of_delimiters(a in ".{0,300}", b in ".{0,300}") {
        let (x, y) = (encoded(&a), encoded(&b));
        prop_assert!((1..=200).contains(&x.len()));
        prop_assert!(!x.contains('#') && !x.contains('/'));
        prop_assert_eq!(a == b, x == y);
    }
}
