//! What the stream says is what the store holds.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use telephony::ports::{Dispatch, Inbox, Messages, Numbers, Outbox};
use telephony_aws::dynamo::records::{Record, read};

use crate::support::samples::*;
use crate::support::table;

fn image(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::B(_) => json!({ "B": "AAECAwQFBgcICQoLDA0ODw==" }),
        AttributeValue::M(map) => {
            json!({ "M": map.iter().map(|(k, v)| (k.clone(), image(v))).collect::<serde_json::Map<_, _>>() })
        }
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_messages_attempts_and_numbers_are_read_and_others_passed_over() {
    let table = table().await;
    let demo = tenant("demo");
    let received = with_media(inbound(&demo, 1, at(0)), 1);
    let change = change(&demo, telephony::domain::consent::Block::Text, true, at(0));
    table.store.record(&received, Some(&change)).await.unwrap();
    let sent = outbound(&demo, 2, at(0));
    let sent = telephony::domain::message::Message {
        origin: telephony::domain::message::Origin::HelpAnswer,
        ..sent
    };
    table.store.accept(&intent(sent.clone())).await.unwrap();
    table.store.begin(&demo, sent.id, &attempt(&sent, 1, at(1)), None).await.unwrap();

    let own = number(&demo, "platform-twilio", OWN);
    assert!(table.store.put(&own).await.unwrap());

    let all = table.client.scan().table_name(&table.name).send().await.unwrap();
    let (mut messages, mut attempts, mut numbers, mut others) = (0, 0, 0, 0);
    for item in all.items() {
        let record: Value =
            item.iter().map(|(k, v)| (k.clone(), image(v))).collect::<serde_json::Map<_, _>>().into();
        match read(&record).unwrap() {
            Record::Message(view) => {
                let stored = table.store.message(&demo, view.message.id).await.unwrap().unwrap();
                assert_eq!((view.message, view.progress), (stored.message, stored.progress));
                messages += 1;
            }
            Record::Attempt { attempt: key, state } => {
                assert_eq!((key, *state), (attempt_ref(&sent, 1), attempt(&sent, 1, at(1))));
                attempts += 1;
            }
            Record::Number(state) => {
                assert_eq!(*state, own);
                numbers += 1;
            }
            Record::Leg { .. } | Record::Recording(_) | Record::Other => others += 1,
        }
    }
    // Of a number's items the inventory's alone.
    assert_eq!((messages, attempts, numbers), (2, 1, 1));
    assert!(others >= 2);
    assert!(read(&json!({ "ent": { "S": "msg" } })).is_err());
    assert!(read(&json!("text")).is_err());
}
