//! Subscriptions as items, and when they are due.

use telephony::domain::subscription::Subscription;
use telephony::ports::{SubscriptionRecords, Task, TaskKind, Tasks};

use crate::support::samples::*;
use crate::support::table;

fn subscription(tenant: &str, account: &str) -> Subscription {
    serde_json::from_value(serde_json::json!({
        "id": "s-1", "tenant": tenant, "requested_by": "admin", "wish": {"user": "u-1"}, "provider": "twilio",
        "parent": "platform-twilio", "account": account, "state": "opening", "due": at(60),
        "created_at": at(0), "updated_at": at(0),
    }))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_has_one_subscription_of_each_tenant() {
    let store = table().await.store;
    let (first, second) = (subscription("demo", "twilio-1"), subscription("demo", "twilio-2"));
    assert_eq!(store.add_subscription(&first).await, Ok(None));
    assert_eq!(store.add_subscription(&second).await, Ok(Some(first.clone())));
    // What was written by this very call, whose answer was lost, is its own.
    assert_eq!(store.add_subscription(&first).await, Ok(None));
    assert_eq!(store.add_subscription(&subscription("rival", "twilio-3")).await, Ok(None));
    assert_eq!(store.subscription(&tenant("demo"), &first.id).await, Ok(Some(first)));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over_what_somebody_else_wrote() {
    let store = table().await.store;
    let first = subscription("demo", "twilio-1");
    store.add_subscription(&first).await.unwrap();
    let due = |now| store.due_tasks(TaskKind::Subscription, now, 10);
    let task = Task::Subscription(tenant("demo"), first.id.clone());
    assert_eq!(due(at(60)).await.unwrap(), vec![]);
    assert_eq!(due(at(61)).await.unwrap(), vec![(task, at(60))]);

    let after = Subscription { due: None, tries: 3, ..first.clone() };
    let written = store.replace_subscription(&first, &after).await.unwrap().unwrap();
    assert_eq!(written, Subscription { version: 1, ..after.clone() });
    assert_eq!(store.replace_subscription(&first, &after).await, Ok(None));
    assert_eq!(store.subscription(&tenant("demo"), &first.id).await, Ok(Some(written)));
    assert_eq!(due(at(1_000)).await.unwrap(), vec![]);
}
