use std::time::Duration;

use telephony::domain::agent::Agent;
use telephony::domain::consent::Block;
use telephony::domain::endpoint::{Sealed, Target};
use telephony::domain::keyword::Intent;
use telephony::domain::message::{Direction, Message, MessageView, Origin};
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::secret::Secret;
use telephony::domain::segments::Encoding;
use telephony::ports::*;

use crate::consumer::Does;
use crate::fuse::{Cut, Side, Way};
use crate::support::samples::{OWN, at, change, inbound, number, page};
use crate::world::{OpenBox, SECRET, World};

const JSON: &str = "application/json";
const HOUR: Duration = Duration::from_secs(3600);

async fn agent(world: &World) {
    let context = SealContext { tenant: world.tenant.clone(), owner: "desk".into(), purpose: "agent" };
    let secret: Sealed = OpenBox.seal(&context, &Secret::new(SECRET)).await.unwrap();
    let agent = Agent {
        id: "desk".parse().unwrap(),
        tenant: world.tenant.clone(),
        name: "Desk".into(),
        line: None,
        character: Default::default(),
        fallback: None,
        sms_url: Some("https://agent.example.com/sms".into()),
        secret: Some(secret),
        created_at: at(0),
        updated_at: at(0),
    };
    assert!(world.table.store.put_agent(&agent, true).await.unwrap());
}

/// A text comes in and is projected, as often as it takes.
async fn text(world: &World, n: u64, body: &str, intent: Option<Intent>) -> Message {
    let message = Message {
        agent: "desk".parse().ok(),
        body: body.into(),
        intent,
        own_account: true,
        encoding: Encoding::Gsm7,
        ..inbound(&world.tenant, n, world.clock.now())
    };
    world.table.store.record(&message, None).await.unwrap();
    let view: MessageView =
        Messages::message(&world.table.store, &world.tenant, message.id).await.unwrap().unwrap();
    for _ in 0..2 {
        while !matches!(world.fuse.process(world.emit.received(&view)).await, Some(Ok(_))) {}
    }
    message
}

async fn answers(world: &World, message: &Message) -> Vec<String> {
    let all = world
        .table
        .store
        .of_conversation(&world.tenant, message.conversation, &page(50, None))
        .await
        .unwrap();
    let ours = all.items.iter().filter(|view| view.message.direction == Direction::Outbound);
    let mut ours: Vec<String> = ours
        .map(|view| {
            assert_eq!((view.message.origin, &view.message.to), (Origin::Agent, &message.from));
            view.message.body.clone()
        })
        .collect();
    ours.sort_unstable();
    ours
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_once_with_the_conversation_before_it() {
    let world = World::new(&[]).await;
    agent(&world).await;
    world.consumer.does(|_, _, _| Does::Answers(JSON, r#"{"messages":["Hi","How are you?"]}"#));
    world.clock.pass(HOUR);
    let message = text(&world, 1, "Hello", None).await;
    world.pass(HOUR).await;
    assert_eq!(answers(&world, &message).await, ["Hi", "How are you?"]);
    let came = world.consumer.came();
    assert_eq!(came.len(), 1);
    let body: serde_json::Value = serde_json::from_str(&came[0].body).unwrap();
    assert_eq!(
        (body["type"].as_str(), body["data"]["body"].as_str()),
        (Some("message.received"), Some("Hello"))
    );
    assert_eq!(body["data"]["history"].as_array().unwrap().len(), 1);
    let second = text(&world, 2, "Fine", None).await;
    world.pass(HOUR).await;
    let body: serde_json::Value = serde_json::from_str(&world.consumer.came()[1].body).unwrap();
    let history: Vec<&str> =
        body["data"]["history"].as_array().unwrap().iter().map(|m| m["body"].as_str().unwrap()).collect();
    assert_eq!((history.len(), history[0], history[3]), (4, "Hello", "Fine"));
    assert_eq!(answers(&world, &second).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn keywords_are_not_the_agents_and_an_opt_out_stops_its_answer() {
    let world = World::new(&[]).await;
    agent(&world).await;
    world.consumer.does(|_, _, _| Does::Answers("text/plain", "Stay!"));
    for (n, intent) in [(1, Intent::Stop { free_text: false }), (2, Intent::Start), (3, Intent::Help)] {
        text(&world, n, "STOP", Some(intent)).await;
    }
    world.pass(HOUR).await;
    assert!(world.consumer.came().is_empty());
    world.table.store.change(&change(&world.tenant, Block::DoNotContact, true, at(1))).await.unwrap();
    let message = text(&world, 4, "Hello", None).await;
    world.pass(HOUR).await;
    assert_eq!(world.consumer.came().len(), 1);
    assert!(answers(&world, &message).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_does_not_speak_for_a_number_that_may_not_send() {
    let world = World::new(&[]).await;
    agent(&world).await;
    world.consumer.does(|_, _, _| Does::Answers("text/plain", "Hi"));
    let own = number(&world.tenant, "platform-signalwire", OWN);
    let own = PhoneNumber { status: NumberStatus::Suspended, ..own };
    Numbers::put(&world.table.store, &own).await.unwrap();
    text(&world, 1, "Hello", None).await;
    world.pass(HOUR).await;
    assert!(world.consumer.came().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_asked_for_again_for_a_while() {
    let world = World::new(&[]).await;
    agent(&world).await;
    world.consumer.does(|_, n, _| match n {
        0 => Does::Answers("text/html", "<p>Hi</p>"),
        1 => Does::Fails(500),
        _ => Does::Answers(JSON, r#"{"message":"Sorry, I was away"}"#),
    });
    let message = text(&world, 1, "Hello", None).await;
    world.pass(HOUR).await;
    assert_eq!(answers(&world, &message).await, ["Sorry, I was away"]);
    // An agent that stays away is not asked for a day: nobody waits for so late an answer.
    world.consumer.does(|_, _, _| Does::Fails(500));
    text(&world, 2, "Hello?", None).await;
    world.pass(48 * HOUR).await;
    assert_eq!(world.consumer.came().len(), 3 + 5);
}

/// Two machines: after eight texts of the agent in five minutes it is not asked any more.
#[tokio::test(flavor = "multi_thread")]
async fn two_machines_do_not_talk_for_ever() {
    let world = World::new(&[]).await;
    agent(&world).await;
    world.consumer.does(|_, _, _| Does::Answers("text/plain", "Ping"));
    let mut last = None;
    for n in 1..=15 {
        world.clock.pass(Duration::from_secs(5));
        last = Some(text(&world, n, "Pong", None).await);
        world.settle().await;
    }
    assert_eq!(answers(&world, &last.unwrap()).await.len(), 8);
    world.clock.pass(HOUR);
    let later = text(&world, 99, "Pong", None).await;
    world.settle().await;
    assert_eq!(answers(&world, &later).await.len(), 9);
}

/// Cut anywhere: the text is answered, and once.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_answered_once_wherever_it_is_cut() {
    let play = async |cuts: Vec<Cut>| {
        let world = World::new(&cuts).await;
        agent(&world).await;
        world.consumer.does(|_, _, _| Does::Answers(JSON, r#"{"messages":["a","b"]}"#));
        let message = text(&world, 1, "Hello", None).await;
        world.pass(3 * HOUR).await;
        assert_eq!(answers(&world, &message).await, ["a", "b"], "{cuts:?} in {:?}", world.fuse.calls());
        let key = telephony::domain::endpoint::DeliveryRef {
            tenant: world.tenant.clone(),
            event: world.consumer.came()[0].id.parse().unwrap(),
            target: Target::Agent("desk".parse().unwrap()),
        };
        let delivery = world.table.store.delivery(&key).await.unwrap().unwrap();
        assert_eq!(delivery.state.as_str(), "delivered", "{cuts:?}");
        world.fuse.calls().len()
    };
    for call in 0..play(Vec::new()).await {
        for side in [Side::Before, Side::After] {
            let way = if (call % 2 == 0) == (side == Side::After) { Way::Dies } else { Way::Fails };
            play(vec![Cut { call, side, way }]).await;
        }
    }
}
