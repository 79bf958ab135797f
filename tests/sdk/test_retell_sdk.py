"""Retell's official SDK against the simulator; its webhook verification is the oracle of the signatures."""

import json
import time

import pytest

retell = pytest.importorskip("retell")

from conftest import PHONE, RETELL_BADGE, RETELL_KEY, RETELL_NUMBER, RETELL_SID  # noqa: E402


@pytest.fixture
def client(sim):
    return retell.Retell(api_key=RETELL_KEY, base_url=f"{sim.base}/retell", max_retries=0)


@pytest.fixture
def agent(client):
    agent = client.agent.create(
        response_engine={"type": "retell-llm", "llm_id": "llm_1"}, voice_id="retell-Cimo", agent_name="Jarvis"
    )
    client.phone_number.import_(
        phone_number=RETELL_NUMBER,
        termination_uri="x.pstn.twilio.com",
        outbound_agents=[{"agent_id": agent.agent_id, "weight": 1}],
        inbound_agents=[{"agent_id": agent.agent_id, "weight": 1}],
    )
    return agent


def test_key(sim, client):
    assert client.concurrency.retrieve().concurrency_limit == 20
    wrong = retell.Retell(api_key="key_wrong", base_url=f"{sim.base}/retell", max_retries=0)
    with pytest.raises(retell.AuthenticationError) as caught:
        wrong.concurrency.retrieve()
    assert caught.value.body["status"] == "error"


def test_agents_and_numbers(client, agent):
    assert client.agent.retrieve(agent.agent_id).agent_name == "Jarvis"
    assert client.agent.update(agent.agent_id, agent_name="Friday").agent_name == "Friday"
    assert [a.agent_id for a in client.agent.list().items] == [agent.agent_id]
    number = client.phone_number.retrieve(RETELL_NUMBER)
    assert number.phone_number_type == "custom" and number.area_code == 415
    assert client.phone_number.update(RETELL_NUMBER, nickname="desk").nickname == "desk"
    assert [n.phone_number for n in client.phone_number.list().items] == [RETELL_NUMBER]
    client.phone_number.delete(RETELL_NUMBER)
    with pytest.raises(retell.UnprocessableEntityError):
        client.phone_number.retrieve(RETELL_NUMBER)


def test_call_and_signed_webhooks(sim, client, agent):
    call = client.call.create_phone_call(from_number=RETELL_NUMBER, to_number=PHONE, metadata={"mine": "1"})
    assert call.call_status == "registered"
    sim.post("/clock", {"mode": "real", "step_ms": 1})
    sim.post("/clock/settle")
    hooks = sim.get("/hooks?name=retell")["hooks"]
    events = []
    for hook in hooks:
        signature = dict(hook["headers"])["x-retell-signature"]
        assert client.verify(hook["body"], RETELL_BADGE, signature)
        assert not client.verify(hook["body"], RETELL_KEY, signature)
        events.append(json.loads(hook["body"])["event"])
    assert sorted(events) == ["call_analyzed", "call_ended", "call_started"]
    done = client.call.retrieve(call.call_id)
    assert done.call_status == "ended" and done.call_analysis.call_successful
    criteria = {"metadata": [{"key": "mine", "type": "string", "op": "eq", "value": "1"}]}
    assert [c.call_id for c in client.call.list(filter_criteria=criteria).items] == [call.call_id]


def test_signing_by_hand(sim, client):
    body = '{"event":"call_ended"}'
    now = int(time.time() * 1000)
    request = {"provider": "retell", "account": RETELL_SID, "url": "https://x/", "body": body}
    for timestamp, fits in ((now, True), (now - 400_000, False)):
        signed = sim.post("/sign", {**request, "timestamp": timestamp})
        signature = signed["headers"]["x-retell-signature"]
        assert client.verify(body, RETELL_BADGE, signature) is fits


def test_register(client, agent):
    call = client.call.register_phone_call(agent_id=agent.agent_id, direction="inbound")
    assert call.call_status == "registered"
    client.call.stop(call.call_id)
    assert client.call.retrieve(call.call_id).disconnection_reason == "manual_stopped"
