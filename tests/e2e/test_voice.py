"""Calls come in at Twilio and SignalWire: forwarded, to the mailbox, to an agent, or turned away politely."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import requests
from world import Simulator, Tenant, World, contact, eventually, explain, problem

REFUSAL = "Thank you for calling. This number is not currently accepting calls."
HOLD = "Please hold while we connect your call."
GREETING = "You have reached the voicemail. Please leave a message after the beep."
THANKS = "Thank you for your message. Goodbye."
USER = "user-of-calls"
LAST = {"hang_up_after_steps": 12}


@pytest.fixture
def line(world: World, tenant: Tenant, form_provider: str) -> str:
    """A number of a user, whose preferences the tests set."""
    return tenant.number(form_provider, user=USER)


def wishes(tenant: Tenant, **members: Any) -> dict[str, Any]:
    answer = tenant.admin.put(f"/api/preferences?userId={USER}", members)
    assert answer.status_code == 200, explain(answer)
    return answer.json()["preferences"]


def heard(sim: Simulator, sid: str) -> list[tuple[str, str]]:
    [call] = [call for call in sim.call("GET", "/calls", id=sid)["calls"]]
    return [(entry["kind"], entry.get("text") or entry.get("to") or entry.get("with") or entry.get("status") or "") for entry in call["heard"]]


def over(tenant: Tenant, sid: str, timeout: float = 40) -> dict[str, Any]:
    """The call, once it is over."""

    def look() -> dict[str, Any]:
        answer = tenant.api.get(f"/api/calls/{sid}")
        assert answer.status_code == 200, explain(answer)
        call = answer.json()["call"]
        assert call["outcome"], call
        return call

    return eventually(look, timeout)


def calls(sim: Simulator, phone: str, to: str, **more: Any) -> str:
    return sim.call("POST", f"/phones/{phone}/call", {"to": to, **more})["call_sid"]


@pytest.fixture(autouse=True)
def strictly(sim: Simulator) -> Any:
    """Whatever a provider would not have understood is a mistake of ours."""
    before = len(sim.call("GET", "/violations")["violations"])
    yield
    assert sim.call("GET", "/violations")["violations"][before:] == []


def test_a_call_is_forwarded_and_answered(tenant: Tenant, sim: Simulator, line: str, form_provider: str) -> None:
    mobile, phone = contact(), contact()
    set_to = wishes(tenant, callForwardingEnabled=True, callForwardingNumber=mobile, voicemailEnabled=True)
    assert set_to == {
        "callForwardingEnabled": True, "callForwardingNumber": mobile, "callScreening": False, "voicemailEnabled": True, "timeZone": None,
    }  # fmt: skip
    sim.call("POST", f"/phones/{mobile}", {"call": {"answer": "human", **LAST}})
    sid = calls(sim, phone, line, attestation="A")
    call = over(tenant, sid)
    assert (call["callSid"], call["outcome"], call["status"], call["direction"]) == (sid, "answered", "completed", "inbound")
    assert (call["from"], call["to"], call["userId"]) == (phone, line, USER)
    assert ("said", HOLD) in heard(sim, sid) and ("dialled", mobile) in heard(sim, sid)
    expected = {"attestation": "A", "status": "verified", "source": "provider"}
    assert call["signature"] == (expected if form_provider == "twilio" else {"attestation": None, "status": "unreported", "source": None})

    def both() -> bool:
        legs = tenant.api.get(f"/api/calls/{call['id']}").json()["call"]["legs"]
        assert {leg["role"]: (leg["status"], leg["to"]) for leg in legs} == {"caller": ("completed", line), "callee": ("completed", mobile)}
        [callee] = [leg for leg in legs if leg["role"] == "callee"]
        assert callee["parentLegId"] == sid
        by_leg = tenant.api.get(f"/api/calls/{callee['providerLegId']}")
        assert by_leg.json()["call"]["id"] == call["id"]
        return True

    eventually(both, 20)
    listed = tenant.api.get("/api/calls").json()["items"]
    assert [entry["id"] for entry in listed] == [call["id"]]


@pytest.mark.parametrize("answer", ["busy", "reject"])
def test_nobody_answers_and_the_caller_leaves_a_message(tenant: Tenant, sim: Simulator, line: str, answer: str) -> None:
    mobile = contact()
    wishes(tenant, callForwardingEnabled=True, callForwardingNumber=mobile, voicemailEnabled=True)
    sim.call("POST", f"/phones/{mobile}", {"call": {"answer": answer}})
    sid = calls(sim, contact(), line, call={"speech": "Please call me back.", "speech_seconds": 2, "hang_up_when": "recording_ends"})
    over(tenant, sid)
    told = heard(sim, sid)
    assert told.index(("said", HOLD)) < told.index(("dialled", mobile)) < told.index(("said", GREETING)), told
    assert any(kind == "recorded" for kind, _ in told), told


def test_a_mailbox_without_forwarding_says_goodbye(tenant: Tenant, sim: Simulator, line: str) -> None:
    wishes(tenant, voicemailEnabled=True)
    sid = calls(sim, contact(), line, call={"speech": "Hello.", "speech_seconds": 1, "digits": "#"})
    over(tenant, sid)
    told = heard(sim, sid)
    assert told.index(("said", GREETING)) < told.index(("said", THANKS)), told


def test_a_carriers_mailbox_does_not_take_a_screened_call(tenant: Tenant, sim: Simulator, line: str) -> None:
    mobile = contact()
    wishes(tenant, callForwardingEnabled=True, callForwardingNumber=mobile, callScreening=True, voicemailEnabled=True)
    sim.call("POST", f"/phones/{mobile}", {"call": {"answer": "machine"}})
    sid = calls(sim, contact(), line, call={"speech": "Hello?", "speech_seconds": 1, "hang_up_when": "recording_ends"})
    over(tenant, sid)
    assert ("said", GREETING) in heard(sim, sid)
    # A person presses a key, and both are joined.
    sim.call("POST", f"/phones/{mobile}", {"call": {"answer": "human", "digits": "1", **LAST, "hang_up_after_steps": 60}})
    sid = calls(sim, contact(), line)
    assert over(tenant, sid)["outcome"] == "answered"
    assert ("joined", mobile) in heard(sim, sid)


def test_without_any_wishes_and_of_nobodys_number_a_call_ends_politely(tenant: Tenant, sim: Simulator, world: World, line: str, form_provider: str) -> None:
    sid = calls(sim, "anonymous", line) if form_provider == "twilio" else calls(sim, contact(), line)
    call = over(tenant, sid)
    assert call["outcome"] == "rejected" and ("said", REFUSAL) in heard(sim, sid)
    if form_provider == "twilio":
        assert call["from"] == "withheld"
    unknown = tenant.fresh_number()
    base = f"{world.url}/api/webhooks/{form_provider}"
    sim.number(form_provider, world.signer.accounts[form_provider], unknown, voice_url=f"{base}/voice", status_callback=f"{base}/call-status")
    sid = calls(sim, contact(), unknown)
    eventually(lambda: ("said", REFUSAL) in heard(sim, sid), 20)
    assert tenant.api.get(f"/api/calls/{sid}").status_code == 404


def test_an_agent_gets_the_audio_and_may_read_what_it_is(tenant: Tenant, sim: Simulator, world: World, form_provider: str) -> None:
    agent = {
        "id": "ag-" + secrets.token_hex(4), "name": "Desk", "kind": "stream", "prompt": "Be kind & <brief>.", "voice": "nova", "model": "m-1",
        "stream": {"url": "wss://voice.example.com/in", "parameters": {"lang": 'en & "us"'}}, "fallback": "apology",
    }  # fmt: skip
    made = tenant.admin.post("/api/agents", agent)
    assert made.status_code == 201, explain(made)
    read = tenant.api.get(f"/api/agents/{agent['id']}").json()["agent"]
    assert {name: read[name] for name in agent} == agent
    line = tenant.number(form_provider, agent=agent["id"])
    sid = calls(sim, contact(), line, call={"hang_up_after_steps": 60})

    def streamed() -> dict[str, Any]:
        [call] = sim.call("GET", "/calls", id=sid)["calls"]
        found = [entry for entry in call["heard"] if entry["kind"] == "streamed"]
        assert len(found) == 1, call["heard"]
        return found[0]

    entry = eventually(streamed, 20)
    told = entry["parameters"]
    assert entry["url"] == agent["stream"]["url"] and told["lang"] == 'en & "us"' and told["agentId"] == agent["id"]
    assert "Be kind" not in str(entry)
    config = requests.get(told["configUrl"], headers={"X-Call-Token": told["token"]}, timeout=20)
    assert config.status_code == 200, explain(config)
    assert {name: config.json()[name] for name in ("prompt", "voice", "model", "callId")} == {
        **{name: agent[name] for name in ("prompt", "voice", "model")}, "callId": told["callId"],
    }  # fmt: skip
    for token in (None, "", "guess", told["token"][:-1] + ("0" if told["token"][-1] != "0" else "1")):
        refused = requests.get(told["configUrl"], headers={"X-Call-Token": token} if token is not None else {}, timeout=20)
        problem(refused, 404, "NOT_FOUND")
    call = over(tenant, sid)
    assert (call["outcome"], call["agentId"]) == ("agent", agent["id"])


def test_an_agent_that_is_gone_is_said_to_be(tenant: Tenant, sim: Simulator, form_provider: str) -> None:
    line = tenant.number(form_provider, agent="nobody-here")
    sid = calls(sim, contact(), line)
    assert over(tenant, sid)["outcome"] == "rejected"
    assert any(text.startswith("Agent not found") for _, text in heard(sim, sid)), heard(sim, sid)


def test_preferences_are_a_users_own(tenant: Tenant, world: World) -> None:
    own = {"callForwardingEnabled": False, "voicemailEnabled": True, "timeZone": "america/new_york"}
    assert tenant.api.put("/api/preferences", own).json()["preferences"]["timeZone"] == "America/New_York"
    assert tenant.api.get("/api/preferences").json()["preferences"]["voicemailEnabled"] is True
    assert tenant.admin.get("/api/preferences").json()["preferences"]["voicemailEnabled"] is False
    problem(tenant.api.get(f"/api/preferences?userId={USER}"), 403, "FORBIDDEN")
    problem(world.user.get(f"/api/preferences?tenantId={tenant.name}"), 403, "FORBIDDEN")
    for body, field in [
        ({"callForwardingEnabled": True}, "callForwardingNumber"),
        ({"callForwardingNumber": "nobody"}, "callForwardingNumber"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"voicemail": True}, None),
    ]:
        refused = tenant.api.put("/api/preferences", body)
        assert refused.status_code == 400, explain(refused)
        assert field is None or refused.json()["errors"][0]["field"] == field
    assert tenant.api.get("/api/preferences").json()["preferences"]["voicemailEnabled"] is True
