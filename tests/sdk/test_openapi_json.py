"""The answers of the JSON providers validate against their official OpenAPI documents."""

import json
import urllib.parse

import pytest
from conftest import PHONE, RETELL_KEY, RETELL_NUMBER, TELNYX_KEY, TELNYX_NUMBER, request
from test_openapi import check, document, jsonschema


@pytest.fixture
def telnyx(sim):
    return caller(sim, "telnyx", "/v2", TELNYX_KEY)


@pytest.fixture
def retell(sim):
    return caller(sim, "retell", "", RETELL_KEY)


def caller(sim, provider, root, key):
    def call(method, path, body=None, query=None, template=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        url = f"{sim.base}/{provider}{root}{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        status, _, answer = request(method, url, data, headers)
        answer = json.loads(answer) if answer else None
        if template and status < 300:
            check(provider, template, method.lower(), status, answer)
        assert status < 300, answer
        return answer

    return call


def check_event(event, schema):
    api = document("telnyx")
    schema = {"$ref": f"#/components/schemas/{schema}", "components": api["components"]}
    jsonschema.Draft202012Validator(schema).validate(event)


def hooked(sim, name):
    return [json.loads(hook["body"]) for hook in sim.get(f"/hooks?name={name}")["hooks"]]


def test_telnyx_messages(sim, telnyx):
    telnyx("GET", "/balance", template="/balance")
    body = {"to": PHONE, "from": TELNYX_NUMBER, "text": "hello"}
    message = telnyx("POST", "/messages", body, template="/messages")
    sim.post(f"/phones/{PHONE}", {"outcome": "undelivered"})
    telnyx("POST", "/messages", {**body, "media_urls": ["https://example.com/a.png"]}, template="/messages")
    sim.advance(1)
    received = sim.post(f"/phones/{PHONE}/text", {"to": TELNYX_NUMBER, "body": "hi", "media": [{"kind": "png"}]})
    for sid in (message["data"]["id"], received["sid"]):
        telnyx("GET", f"/messages/{sid}", template="/messages/{id}")
    events = hooked(sim, "telnyx")
    assert len(events) == 5
    for event in events:
        inbound = event["data"]["event_type"] == "message.received"
        check_event(event, "InboundMessageEvent" if inbound else "OutboundMessageEvent")
    records = telnyx(
        "GET", "/detail_records", query={"filter[record_type]": "messaging"}, template="/detail_records"
    )
    assert len(records["data"]) == 3
    later = {**body, "send_at": received_later(sim)}
    scheduled = telnyx("POST", "/messages", later)
    assert scheduled["data"]["to"][0]["status"] == "scheduled"
    telnyx("DELETE", f"/messages/{scheduled['data']['id']}", template="/messages/{id}")


def received_later(sim):
    """A day from now."""
    import datetime

    now = datetime.datetime.fromisoformat(sim.get("/clock")["now"][:19] + "+00:00")
    return (now + datetime.timedelta(days=1)).isoformat()


def test_telnyx_numbers(sim, telnyx):
    query = {"filter[country_code]": "US", "filter[phone_number_type]": "local", "filter[limit]": "2"}
    found = telnyx("GET", "/available_phone_numbers", query=query, template="/available_phone_numbers")
    wanted = found["data"][0]["phone_number"]
    order = telnyx("POST", "/number_orders", {"phone_numbers": [{"phone_number": wanted}]}, template="/number_orders")
    sim.advance(1)
    path = f"/number_orders/{order['data']['id']}"
    telnyx("GET", path, template="/number_orders/{number_order_id}")
    owned = telnyx("GET", "/phone_numbers", query={"filter[phone_number]": wanted}, template="/phone_numbers")
    path = f"/phone_numbers/{owned['data'][0]['id']}"
    telnyx("GET", path, template="/phone_numbers/{id}")
    profile = telnyx(
        "POST", "/messaging_profiles", {"name": "p", "whitelisted_destinations": ["US"]}, template="/messaging_profiles"
    )
    # Not the planted one: the document's text allows its `*`, the document's pattern does not.
    telnyx("GET", "/messaging_profiles", query={"filter[name][eq]": "p"}, template="/messaging_profiles")
    patch = {"messaging_profile_id": profile["data"]["id"]}
    telnyx("PATCH", f"{path}/messaging", patch, template="/phone_numbers/{id}/messaging")
    telnyx("GET", f"{path}/messaging", template="/phone_numbers/{id}/messaging")
    telnyx("PATCH", f"{path}/voice", {"tech_prefix_enabled": True}, template="/phone_numbers/{id}/voice")
    telnyx("PATCH", path, {"customer_reference": "r"}, template="/phone_numbers/{id}")
    telnyx("DELETE", path, template="/phone_numbers/{id}")


CALL_EVENTS = {
    "call.initiated": "CallInitiatedEvent",
    "call.answered": "CallAnsweredEvent",
    "call.machine.detection.ended": "CallMachineDetectionEndedEvent",
    "call.machine.greeting.ended": "CallMachineGreetingEndedEvent",
    "call.speak.started": "CallSpeakStartedEvent",
    "call.speak.ended": "CallSpeakEndedEvent",
    "call.playback.started": "CallPlaybackStartedEvent",
    "call.playback.ended": "CallPlaybackEndedEvent",
    "call.dtmf.received": "CallDtmfReceivedEvent",
    "call.gather.ended": "CallGatherEndedEvent",
    "call.recording.saved": "CallRecordingSavedEvent",
    "call.hangup": "CallHangupEvent",
}


def test_telnyx_calls(sim, telnyx):
    application = telnyx(
        "POST",
        "/call_control_applications",
        {"application_name": "a", "webhook_event_url": f"{sim.base}/_hooks/calls", "webhook_api_version": "2"},
        template="/call_control_applications",
    )
    telnyx("GET", "/call_control_applications", template="/call_control_applications")
    sim.post(f"/phones/{PHONE}", {"call": {"answer": "machine", "digits": "1#"}})
    dial = {
        "connection_id": application["data"]["id"],
        "to": PHONE,
        "from": TELNYX_NUMBER,
        "answering_machine_detection": "greeting_end",
        "client_state": "YQ==",
    }
    call = telnyx("POST", "/calls", dial, template="/calls")
    sim.advance(1)
    path = f"/calls/{urllib.parse.quote(call['data']['call_control_id'], safe='')}"
    telnyx("GET", path, template="/calls/{call_control_id}")

    def command(name, **body):
        template = "/calls/{call_control_id}/actions/" + name
        telnyx("POST", f"{path}/actions/{name}", body, template=template)
        sim.advance(1)

    command("record_start", format="wav", channels="dual")
    command("speak", payload="hello", voice="female")
    command("playback_start", audio_url="https://example.com/a.wav")
    command("gather_using_speak", payload="press", voice="female")
    command("send_dtmf", digits="12")
    command("record_stop")
    command("hangup")
    seen = set()
    for event in hooked(sim, "calls"):
        name = event["data"]["event_type"]
        seen.add(name)
        check_event(event, CALL_EVENTS[name])
    assert seen == set(CALL_EVENTS)
    recordings = telnyx("GET", "/recordings", template="/recordings")
    telnyx("GET", f"/recordings/{recordings['data'][0]['id']}", template="/recordings/{recording_id}")


def test_telnyx_managed_accounts(telnyx):
    child = telnyx("POST", "/managed_accounts", {"business_name": "Tenant"}, template="/managed_accounts")
    path = f"/managed_accounts/{child['data']['id']}"
    telnyx("GET", path, template="/managed_accounts/{id}")
    telnyx("GET", "/managed_accounts", template="/managed_accounts")
    telnyx("POST", f"{path}/actions/disable", template="/managed_accounts/{id}/actions/disable")
    telnyx("POST", f"{path}/actions/enable", template="/managed_accounts/{id}/actions/enable")


def test_retell(sim, retell):
    retell("GET", "/get-concurrency", template="/get-concurrency")
    engine = {"type": "retell-llm", "llm_id": "llm_1"}
    agent = retell("POST", "/create-agent", {"response_engine": engine, "voice_id": "retell-Cimo"}, template="/create-agent")
    agent_id = agent["agent_id"]
    retell("GET", f"/get-agent/{agent_id}", template="/get-agent/{agent_id}")
    retell("PATCH", f"/update-agent/{agent_id}", {"agent_name": "J"}, template="/update-agent/{agent_id}")
    retell("GET", "/list-agents", template="/list-agents")
    bound = [{"agent_id": agent_id, "weight": 1}]
    number = {"phone_number": RETELL_NUMBER, "termination_uri": "x.pstn.twilio.com", "outbound_agents": bound}
    retell("POST", "/import-phone-number", number, template="/import-phone-number")
    path = "/get-phone-number/" + urllib.parse.quote(RETELL_NUMBER)
    retell("GET", path, template="/get-phone-number/{phone_number}")
    retell("GET", "/list-phone-numbers", template="/list-phone-numbers")
    retell("GET", "/v2/list-phone-numbers", template="/v2/list-phone-numbers")
    call = retell(
        "POST", "/v2/create-phone-call", {"from_number": RETELL_NUMBER, "to_number": PHONE}, template="/v2/create-phone-call"
    )
    path, template = f"/v2/get-call/{call['call_id']}", "/v2/get-call/{call_id}"
    retell("GET", path, template=template)
    sim.post(f"/phones/{PHONE}", {"call": {"speech": "hello"}})
    retell("POST", "/v2/register-phone-call", {"agent_id": agent_id}, template="/v2/register-phone-call")
    sim.advance(3)
    assert retell("GET", path, template=template)["call_analysis"]
    retell("POST", "/v3/list-calls", {}, template="/v3/list-calls")
