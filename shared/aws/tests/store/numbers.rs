use telephony::domain::number::PhoneNumber;
use telephony::ports::Numbers;

use crate::support::samples::*;
use crate::support::table;

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_found_by_its_account_and_by_its_tenant() {
    let table = table().await;
    let demo = tenant("demo");
    let own = number(&demo, "platform-twilio", OWN);
    assert_eq!(table.store.put(&own).await, Ok(true));
    assert_eq!(table.store.by_account(&own.account, &own.phone).await, Ok(Some(own.clone())));
    assert_eq!(table.store.by_tenant(&demo, &own.phone).await, Ok(Some(own.clone())));
    assert_eq!(table.store.by_tenant(&tenant("rival"), &own.phone).await, Ok(None));
    assert_eq!(table.store.by_account(&"other".parse().unwrap(), &own.phone).await, Ok(None));

    let renamed = PhoneNumber { display_name: "Desk".into(), ..own };
    assert_eq!(table.store.put(&renamed).await, Ok(true));
    assert_eq!(table.store.of_tenant(&demo).await, Ok(vec![renamed]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_a_number_from_anybody() {
    let table = table().await;
    let own = number(&tenant("demo"), "platform-twilio", OWN);
    table.store.put(&own).await.unwrap();
    // Another tenant at the same account; another holding; the same tenant at another account.
    for other in [
        number(&tenant("rival"), "platform-twilio", OWN),
        PhoneNumber { id: telephony::domain::ids::NumberId::derived(&["again"]), ..own.clone() },
        PhoneNumber { account: "platform-signalwire".parse().unwrap(), ..own.clone() },
    ] {
        assert_eq!(table.store.put(&other).await, Ok(false));
    }
    assert_eq!(table.store.of_tenant(&tenant("rival")).await, Ok(vec![]));
    assert_eq!(table.store.by_account(&own.account, &own.phone).await, Ok(Some(own)));
}
