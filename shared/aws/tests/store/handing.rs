//! A call of one provider is handed over to an agent at another: on the real store, with the real adapters.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use telephony::app::voice::brief::BriefCall;
use telephony::app::voice::hand_over::HandOver;
use telephony::domain::address::Address;
use telephony::domain::agent::{Agent, AgentLine, Character, RemoteLine};
use telephony::domain::call::{Call, CallDirection, CallRef};
use telephony::domain::ids::{AccountId, CallId, NumberId, ProviderSid, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::domain::voice::plan::{Otherwise, Plan};
use telephony::domain::voice::script::Moment;
use telephony::ports::{Accounts, Agents, CallRecords, Candidates, StoreError, Whose};
use telephony::provider::account::ProviderAccount;
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony::provider::{Environment, ProviderId};
use telephony_aws::dynamo::Store;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::retell;

use crate::support::samples::{at, tenant};
use crate::support::{Table, table};

/// Retell's sample account is the platform's.
struct Samples;

#[async_trait]
impl Accounts for Samples {
    async fn candidates(
        &self,
        provider: ProviderId,
        _claims: &[String],
        whose: Whose,
    ) -> Result<Candidates, StoreError> {
        let known = provider == ProviderId::Retell && whose == Whose::Platform;
        Ok(Candidates { accounts: known.then(retell::account).into_iter().collect(), named: known })
    }

    async fn account(
        &self,
        _tenant: &TenantId,
        id: &AccountId,
    ) -> Result<Option<ProviderAccount>, StoreError> {
        Ok(Some(retell::account()).filter(|account| account.id == *id))
    }

    async fn refresh(&self) {}

    async fn next_key_used(&self, _account: &ProviderAccount, _now: Timestamp) {}
}

pub fn brief(store: &Arc<Store>, transport: Arc<dyn HttpTransport>) -> BriefCall {
    let hand_over = HandOver {
        calls: store.clone(),
        agents: store.clone(),
        accounts: Arc::new(Samples),
        transport,
        environment: Environment::default(),
    };
    BriefCall {
        calls: store.clone(),
        hand_over,
        random: Arc::new(crate::support::clock::Counting::default()),
        public_base_url: "https://phone.example.com/".to_owned(),
    }
}

pub fn remote(account: Option<&str>) -> Agent {
    Agent {
        id: "talker".parse().unwrap(),
        tenant: tenant("demo"),
        name: "Talker".to_owned(),
        line: Some(AgentLine::Remote(RemoteLine {
            provider: ProviderId::Retell,
            agent: "agent_1".to_owned(),
            version: Some("3".to_owned()),
            account: account.map(|id| id.parse().unwrap()),
        })),
        character: Character::default(),
        fallback: None,
        sms_url: None,
        secret: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn reference() -> CallRef {
    CallRef { tenant: tenant("demo"), call: CallId::from_bits(7) }
}

async fn opened(table: &Table, plan: &Plan) -> Call {
    let call = Call {
        id: reference().call,
        tenant: tenant("demo"),
        direction: CallDirection::Inbound,
        provider: ProviderId::Telnyx,
        account: "test-telnyx".parse().unwrap(),
        number: NumberId::derived(&["n"]),
        from: Address::parse("+14155552671"),
        to: Address::parse("+14155550100"),
        user: None,
        agent: None,
        own_account: false,
        lead: None,
        plan: Some(plan.clone()),
        created_at: at(0),
    };
    table.store.open(&call).await.unwrap()
}

async fn asked(table: &Table, transport: &Arc<ReplayTransport>) -> Option<String> {
    let plan = Plan::HandOver {
        agent: "talker".parse().unwrap(),
        provider: ProviderId::Retell,
        otherwise: Otherwise::Voicemail,
    };
    let call = opened(table, &plan).await;
    let caller: ProviderSid = "leg-1".parse().unwrap();
    let brief = brief(&Arc::new(table.store.clone()), transport.clone());
    let begin = (&plan, Moment::Begin);
    brief.setting(&reference(), (&call, &caller), begin, at(1)).await.unwrap().handed_to
}

fn registered(id: &str) -> String {
    json!({"call_id": id, "call_type": "phone_call", "call_status": "registered", "agent_id": "agent_1"})
        .to_string()
}

#[tokio::test]
async fn a_question_that_comes_again_gets_the_same_address() {
    for account in [None, Some("test-retell")] {
        let table = table().await;
        assert_eq!(table.store.put_agent(&remote(account), true).await, Ok(true));
        let transport = Arc::new(ReplayTransport::new().answer(201, registered("call_1")));
        for _ in 0..2 {
            assert_eq!(asked(&table, &transport).await.as_deref(), Some("sip:call_1@sip.retellai.com"));
        }
        let body: Value = serde_json::from_slice(transport.requests()[0].body()).unwrap();
        assert_eq!((&body["agent_id"], &body["agent_version"]), (&json!("agent_1"), &json!(3)));
        assert_eq!(body["metadata"]["tandem_ref"], reference().to_opaque());
        let (_, legs) = table.store.call(&reference()).await.unwrap().unwrap();
        assert_eq!((legs.len(), legs[0].sid.as_str()), (1, "call_1"));
        assert_eq!(legs[0].parent.as_ref().map(|sid| sid.as_str()), Some("leg-1"));
        // Of two that were asked at the same time, the first counts.
        assert_eq!(
            table.store.note_handover(&reference(), "sip:other").await.unwrap(),
            "sip:call_1@sip.retellai.com"
        );
    }
}

#[tokio::test]
async fn an_agent_that_cannot_be_reached_did_not_answer() {
    let lost = || ReplayTransport::new().lose(TransportError::Timeout);
    let cases = [
        (Some("test-retell"), lost()),
        (None, ReplayTransport::new().answer(422, "{}")),
        (None, ReplayTransport::new().answer(201, "{}")),
        (None, ReplayTransport::new().answer(201, registered("call_1@evil.example.com"))),
        // Somebody else's account, or none.
        (Some("rivals-own"), ReplayTransport::new()),
    ];
    for (account, transport) in cases {
        let table = table().await;
        assert_eq!(table.store.put_agent(&remote(account), true).await, Ok(true));
        assert_eq!(asked(&table, &Arc::new(transport)).await, None);
        let (_, legs) = table.store.call(&reference()).await.unwrap().unwrap();
        assert_eq!(legs.len(), 1);
        assert_eq!(legs[0].dialled.as_ref().map(|dialled| dialled.joined), Some(false));
    }
    // Gone since the call was planned.
    let table = table().await;
    assert_eq!(asked(&table, &Arc::new(ReplayTransport::new())).await, None);
}
