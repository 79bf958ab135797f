"""Telnyx's official SDK against the simulator; its webhook verification is the oracle of the signatures."""

import time

import pytest

telnyx = pytest.importorskip("telnyx")

from conftest import PHONE, TELNYX_KEY, TELNYX_NUMBER, TELNYX_SID  # noqa: E402


@pytest.fixture
def client(sim):
    return telnyx_client(sim, TELNYX_KEY)


def telnyx_client(sim, key):
    public = next(a for a in sim.get("/accounts")["accounts"] if a["sid"] == TELNYX_SID)["public_key"]
    return telnyx.Telnyx(api_key=key, public_key=public, base_url=f"{sim.base}/telnyx/v2", max_retries=0)


def hooked(sim, name="telnyx"):
    return sim.get(f"/hooks?name={name}")["hooks"]


def test_balance_and_wrong_key(sim, client):
    assert client.balance.retrieve().data.balance == "1000.00"
    with pytest.raises(telnyx.AuthenticationError) as caught:
        telnyx_client(sim, "KEYwrong").balance.retrieve()
    assert caught.value.status_code == 401
    assert caught.value.body["errors"][0]["code"] == "10009"


def test_message_and_signed_webhooks(sim, client):
    pytest.importorskip("nacl")
    sent = client.messages.send(to=PHONE, from_=TELNYX_NUMBER, text="hello")
    assert sent.data.to[0].status == "queued"
    # Verifiers compare with the wall clock, so that time has to run.
    sim.post("/clock", {"mode": "real", "step_ms": 1})
    sim.post("/clock/settle")
    hooks = hooked(sim)
    types = []
    for hook in hooks:
        event = client.webhooks.unwrap(hook["body"], headers=dict(hook["headers"]))
        types.append(event.data.event_type)
    assert sorted(types) == ["message.finalized", "message.sent"]
    with pytest.raises(Exception):
        client.webhooks.unwrap(hooks[0]["body"] + " ", headers=dict(hooks[0]["headers"]))
    sim.post(f"/accounts/{TELNYX_SID}/rotate")
    sim.post(f"/phones/{PHONE}/text", {"to": TELNYX_NUMBER, "body": "hi"})
    with pytest.raises(Exception):
        client.webhooks.unwrap(hooked(sim)[-1]["body"], headers=dict(hooked(sim)[-1]["headers"]))
    assert client.messages.retrieve(sent.data.id).data.to[0].status == "delivered"


def test_signing_by_hand(sim, client):
    pytest.importorskip("nacl")
    body = '{"data":{"event_type":"message.received","id":"1","payload":{},"record_type":"event"}}'
    signed = sim.post("/sign", {"provider": "telnyx", "account": TELNYX_SID, "url": "https://x/", "body": body,
                                "timestamp": int(time.time())})
    client.webhooks.unwrap(signed["body"], headers=signed["headers"])
    stale = sim.post("/sign", {"provider": "telnyx", "account": TELNYX_SID, "url": "https://x/", "body": body,
                               "timestamp": int(time.time()) - 400})
    with pytest.raises(Exception):
        client.webhooks.unwrap(stale["body"], headers=stale["headers"])


def test_refusals(sim, client):
    with pytest.raises(telnyx.BadRequestError) as caught:
        client.messages.send(to=PHONE, from_="+14155550171", text="hello")
    assert caught.value.body["errors"][0]["code"] == "40305"
    sim.post("/faults", {"provider": "telnyx", "operation": "messages.create", "kind": "status_429"})
    with pytest.raises(telnyx.RateLimitError):
        client.messages.send(to=PHONE, from_=TELNYX_NUMBER, text="hello")


def test_numbers(sim, client):
    found = client.available_phone_numbers.list(
        filter={"country_code": "US", "national_destination_code": "312", "limit": 3}
    )
    wanted = found.data[0].phone_number
    order = client.number_orders.create(phone_numbers=[{"phone_number": wanted}])
    assert order.data.status == "pending"
    sim.advance(1)
    assert client.number_orders.retrieve(order.data.id).data.status == "success"
    owned = [n for n in client.phone_numbers.list(filter={"phone_number": wanted})]
    assert [n.phone_number for n in owned] == [wanted]
    profile = client.messaging_profiles.create(name="p", whitelisted_destinations=["US"])
    updated = client.phone_numbers.messaging.update(owned[0].id, messaging_profile_id=profile.data.id)
    assert updated.data.messaging_profile_id == profile.data.id
    assert client.phone_numbers.delete(owned[0].id).data.status == "deleted"


def test_call(sim, client):
    application = client.call_control_applications.create(
        application_name="calls", webhook_event_url=f"{sim.base}/_hooks/calls", webhook_api_version="2"
    )
    sim.post(f"/phones/{PHONE}", {"call": {"answer": "machine"}})
    call = client.calls.dial(
        connection_id=application.data.id,
        to=PHONE,
        from_=TELNYX_NUMBER,
        answering_machine_detection="premium",
        client_state="YQ==",
    ).data
    sim.advance(2)
    assert client.calls.retrieve_status(call.call_control_id).data.is_alive
    done = client.calls.actions.speak(call.call_control_id, payload="hello", voice="female")
    assert done.data.result == "ok"
    started = client.calls.actions.start_recording(call.call_control_id, format="wav", channels="single")
    assert started.data.result == "ok"
    sim.advance(2)
    client.calls.actions.hangup(call.call_control_id)
    sim.advance(2)
    with pytest.raises(telnyx.UnprocessableEntityError):
        client.calls.actions.hangup(call.call_control_id)
    recordings = [r for r in client.recordings.list(filter={"call_leg_id": call.call_leg_id})]
    assert recordings[0].download_urls.wav.startswith("http")


def test_managed_account(sim, client):
    child = client.managed_accounts.create(business_name="Tenant").data
    own = telnyx_client(sim, child.api_key)
    assert own.balance.retrieve().data.currency == "USD"
    client.managed_accounts.actions.disable(child.id)
    with pytest.raises(telnyx.PermissionDeniedError):
        own.balance.retrieve()
