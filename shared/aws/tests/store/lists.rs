use std::time::Duration;

use telephony::domain::status::MessageStatus;
use telephony::domain::template::Template;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Conversations, Inbox, Messages, Outbox, Projection, StoreError, Templates};

use crate::support::samples::*;
use crate::support::table;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_projected_exactly_once() {
    let table = table().await;
    let demo = tenant("demo");
    let message = inbound(&demo, 1, at(0));
    table.store.record(&message, None).await.unwrap();
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let (store, message) = (table.store.clone(), message.clone());
            tokio::spawn(async move {
                loop {
                    match store.project(&message).await {
                        Err(StoreError::Contended) => {}
                        other => return other.unwrap(),
                    }
                }
            })
        })
        .collect();
    let mut projected = 0;
    for task in tasks {
        projected += u32::from(task.await.unwrap());
    }
    assert_eq!(projected, 1);
    let conversation = Conversations::get(&table.store, &demo, message.conversation).await.unwrap().unwrap();
    assert_eq!((conversation.messages, conversation.unread), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_shows_the_newest_message_in_whatever_order_they_come() {
    let table = table().await;
    let demo = tenant("demo");
    let mut messages: Vec<_> = (0..4).map(|n| inbound(&demo, n, at(n as i64))).collect();
    messages.push(outbound(&demo, 9, at(9)));
    messages[0].to = telephony::domain::address::Address::parse("+14155550101");
    for order in [[4, 0, 2, 1, 3], [2, 4, 3, 0, 1]] {
        for index in order {
            let _ = table.store.project(&messages[index]).await.unwrap();
        }
        let conversation =
            Conversations::get(&table.store, &demo, messages[0].conversation).await.unwrap().unwrap();
        assert_eq!((conversation.messages, conversation.unread), (5, 4));
        assert_eq!(conversation.last_message, messages[4].id);
        assert_eq!(conversation.last_message_at, at(9));
        assert_eq!(conversation.contact.as_str(), CONTACT);
        assert_eq!(conversation.own_numbers, [OWN, "+14155550101"]);
        assert_eq!(conversation.preview, "Hello");
    }
    assert_eq!(table.store.mark_read(&demo, messages[0].conversation).await, Ok(true));
    assert_eq!(
        Conversations::get(&table.store, &demo, messages[0].conversation).await.unwrap().unwrap().unread,
        0
    );
    let unknown = telephony::domain::ids::ConversationId::derived(&["none"]);
    assert_eq!(table.store.mark_read(&demo, unknown).await, Ok(false));
    assert_eq!(Conversations::get(&table.store, &tenant("rival"), messages[0].conversation).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_listed_over_months_and_by_conversation() {
    let table = table().await;
    let (demo, rival) = (tenant("demo"), tenant("rival"));
    // A message a month over a year and a half, with a gap.
    let when = |n: i64| at(if n < 6 { 0 } else { 200 * 86_400 } + n * 31 * 86_400);
    for n in 0..12_u64 {
        let message = inbound(&demo, n, when(n as i64));
        table.store.record(&message, None).await.unwrap();
        table.store.project(&message).await.unwrap();
    }
    let newest_first: Vec<Timestamp> = (0..12).rev().map(when).collect();
    let conversation = inbound(&demo, 0, at(0)).conversation;
    let now = when(12);

    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let got = table.store.of_tenant(&demo, &page(5, cursor), now).await.unwrap();
        all.extend(got.items.iter().map(|view| view.message.created_at));
        cursor = got.next;
        let Some(next) = &cursor else { break };
        let foreign = table.store.of_tenant(&rival, &page(5, Some(next.clone())), now).await;
        assert_eq!(foreign.unwrap_err(), StoreError::BadCursor);
        let other_list = table.store.of_conversation(&demo, conversation, &page(5, Some(next.clone()))).await;
        assert_eq!(other_list.unwrap_err(), StoreError::BadCursor);
    }
    assert_eq!(all, newest_first);
    assert!(table.store.of_tenant(&rival, &page(5, None), now).await.unwrap().items.is_empty());

    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let got = table.store.of_conversation(&demo, conversation, &page(4, cursor)).await.unwrap();
        assert!(got.items.iter().all(|view| view.progress.status == MessageStatus::Received));
        all.extend(got.items.iter().map(|view| view.message.created_at));
        cursor = got.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(all, newest_first);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_by_their_newest_message() {
    let table = table().await;
    let demo = tenant("demo");
    for n in 0..5_u64 {
        let mut message = inbound(&demo, n, at(n as i64));
        message.conversation = telephony::domain::ids::ConversationId::derived(&[&n.to_string()]);
        table.store.project(&message).await.unwrap();
    }
    let mut reply = outbound(&demo, 9, at(9));
    reply.conversation = telephony::domain::ids::ConversationId::derived(&["1"]);
    table.store.project(&reply).await.unwrap();

    let first = Conversations::list(&table.store, &demo, &page(3, None)).await.unwrap();
    let second = Conversations::list(&table.store, &demo, &page(3, first.next)).await.unwrap();
    let order: Vec<_> = first.items.iter().chain(&second.items).map(|c| c.last_message_at).collect();
    assert_eq!(order, [at(9), at(4), at(3), at(2), at(0)]);
    assert_eq!(second.next, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_created_once_and_changed_at_will() {
    let table = table().await;
    let demo = tenant("demo");
    let template = |id: &str, body: &str| Template {
        id: id.parse().unwrap(),
        body: body.into(),
        opt_out_line: true,
        created_at: at(0),
        updated_at: at(0),
    };
    let hello = template("hello", "Hello {{name}}");
    assert_eq!(Templates::put(&table.store, &demo, &hello, true).await, Ok(true));
    assert_eq!(Templates::put(&table.store, &demo, &hello, true).await, Ok(false));
    let changed = template("hello", "Hi {{name}}");
    assert_eq!(Templates::put(&table.store, &demo, &changed, false).await, Ok(true));
    assert_eq!(Templates::get(&table.store, &demo, &hello.id).await, Ok(Some(changed.clone())));
    assert_eq!(Templates::get(&table.store, &tenant("rival"), &hello.id).await, Ok(None));
    Templates::put(&table.store, &demo, &template("bye", "Bye"), true).await.unwrap();
    let got = Templates::list(&table.store, &demo, &page(1, None)).await.unwrap();
    assert_eq!(got.items[0].id.as_str(), "bye");
    let rest = Templates::list(&table.store, &demo, &page(1, got.next)).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![changed], None));
    assert_eq!(Templates::delete(&table.store, &demo, &hello.id).await, Ok(true));
    assert_eq!(Templates::delete(&table.store, &demo, &hello.id).await, Ok(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_answered_automatically_once_a_window() {
    let table = table().await;
    let demo = tenant("demo");
    let conversation = inbound(&demo, 1, at(0)).conversation;
    let window = Duration::from_secs(60);
    for (seconds, expected) in [(0, true), (1, false), (59, false), (60, true), (61, false)] {
        let may = table.store.may_auto_answer(&demo, conversation, at(seconds), window).await;
        assert_eq!(may, Ok(expected), "{seconds}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_noted_before_its_first_message_is_listed() {
    let table = table().await;
    let demo = tenant("demo");
    let message = outbound(&demo, 1, at(0));
    table.store.accept(&intent(message.clone())).await.unwrap();
    assert!(table.store.of_tenant(&demo, &page(5, None), at(1)).await.unwrap().items.is_empty());
    table.store.project(&message).await.unwrap();
    let got = table.store.of_tenant(&demo, &page(5, None), at(1)).await.unwrap();
    assert_eq!(got.items.len(), 1);
    assert_eq!(got.items[0].message, message);
}
