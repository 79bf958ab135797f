"""Calls come in: at Telnyx we steer them ourselves, at Retell an agent talks and we are told."""

from __future__ import annotations

import base64
import json
import secrets
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import requests
from world import ROOT, Simulator, Tenant, World, accepted, at_once, contact, eventually, explain, problem, throughout

sys.path.append(str(ROOT / "scripts"))

import events  # noqa: E402
import signed_curl  # noqa: E402
from stack import Stack  # noqa: E402

SENTENCE = "Thank you for calling. This number is not currently accepting calls."
STEPS = ["answer", "speak", "hangup"]


def commands(sim: Simulator, id: str) -> list[dict[str, Any]]:
    """What a call was told to do, without repetitions that the provider ignored."""
    [call] = [call for call in sim.call("GET", "/calls")["calls"] if call["id"] == id]
    return [command for command in call["commands"] if not command["duplicate"] and command["status"] < 300]


def legs(world: World, tenant: Tenant) -> list[dict[str, Any]]:
    return [item for item in world.stored(f"T#{tenant.name}#K#") if item["ent"]["S"] == "leg"]


def calls(world: World, tenant: Tenant) -> list[dict[str, Any]]:
    return [item for item in world.stored(f"T#{tenant.name}#K#") if item["ent"]["S"] == "call"]


def ended(world: World, tenant: Tenant, status: str = "completed", timeout: float = 20) -> dict[str, Any]:
    """The tenant's one leg, once it has ended; there is one call, and the leg is its."""

    def look() -> dict[str, Any]:
        found = legs(world, tenant)
        assert [leg.get("st", {}).get("S") for leg in found] == [status], found
        return found[0]

    leg = eventually(look, timeout)
    [call] = calls(world, tenant)
    assert call["PK"] == leg["PK"]
    return leg


def refused_with_a_sentence(world: World, sim: Simulator, tenant: Tenant, id: str, timeout: float = 20) -> dict[str, Any]:
    """The call was answered, heard why, and was hung up; each of it once."""
    leg = ended(world, tenant, timeout=timeout)

    def once() -> bool:
        told = commands(sim, id)
        assert [command["command"] for command in told] == STEPS, told
        [said] = [command["params"] for command in told if command["command"] == "speak"]
        assert said["payload"] == SENTENCE, said
        return True

    once()
    throughout(once, 2)
    assert leg["hc"]["S"] == "normal" and {"aa", "ea"} <= set(leg), leg
    [again] = legs(world, tenant)
    assert again["st"] == leg["st"]
    return leg


def test_a_call_to_telnyx_is_answered_told_why_and_hung_up(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("telnyx"), contact()
    placed = sim.call("POST", f"/phones/{phone}/call", {"to": number, "attestation": "A"})
    leg = refused_with_a_sentence(world, sim, tenant, placed["id"])
    assert leg["SK"]["S"] == f"L#{placed['call_leg_id']}" and leg["acct"]["S"] == "platform-telnyx"
    assert json.loads(leg["sig"]["S"])["attestation"] == "A"
    [call] = calls(world, tenant)
    document = json.loads(call["doc"]["S"])
    assert (document["direction"], document["provider"]) == ("inbound", "telnyx")
    assert (document["from"]["value"], document["to"]["value"]) == (phone, number)
    # The id that our commands gave the call leads to it.
    state = commands(sim, placed["id"])[0]["params"]["client_state"]
    assert base64.b64decode(state).decode()


def test_every_event_of_a_call_delivered_twice(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("telnyx"), contact()
    fault = sim.fault("callbacks.call", "duplicate", times=0, match={"to": number})
    try:
        placed = sim.call("POST", f"/phones/{phone}/call", {"to": number})
        refused_with_a_sentence(world, sim, tenant, placed["id"])
    finally:
        sim.unfault(fault)
    told = Counter(entry["event"] for entry in sim.call("GET", "/callbacks", kind="call", message_sid=placed["id"])["callbacks"])
    assert told and min(told.values()) >= 2, told
    # And once more when all is over.
    for entry in sim.call("GET", "/callbacks", kind="call", message_sid=placed["id"])["callbacks"]:
        if entry["event"] in ("call.initiated", "call.answered", "call.speak.ended"):
            sim.call("POST", f"/callbacks/{entry['id']}/redeliver", {})
    refused_with_a_sentence(world, sim, tenant, placed["id"])


@pytest.mark.parametrize("kind", ["accept_then_close", "accept_then_5xx", "status_5xx", "status_429", "drop_before"])
def test_a_command_whose_answer_is_lost_is_given_again_and_done_once(world: World, tenant: Tenant, sim: Simulator, kind: str) -> None:
    number, phone = tenant.number("telnyx"), contact()
    # The commands name no number; each kind of them fails the first time.
    faults = [sim.fault("calls.command", kind, match={"event": step}) for step in ("answer", "speak", "hangup")]
    try:
        placed = sim.call("POST", f"/phones/{phone}/call", {"to": number})
        refused_with_a_sentence(world, sim, tenant, placed["id"], 40)
        hits = [fault["hits"] for fault in sim.call("GET", "/faults")["faults"] if fault["id"] in faults]
        assert hits == [1, 1, 1], hits
    finally:
        for fault in faults:
            sim.unfault(fault)


def test_a_caller_who_hangs_up_first(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("telnyx"), contact()
    placed = sim.call("POST", f"/phones/{phone}/call", {"to": number, "call": {"hang_up_after_steps": 1}})
    ended(world, tenant)
    assert len(commands(sim, placed["id"])) <= len(STEPS)


def test_a_call_to_a_number_of_nobodys_is_rejected(world: World, sim: Simulator) -> None:
    number, phone = contact(), contact()
    settings = {"messaging_profile_id": world.stack["credentials"]["TelnyxMessagingProfileId"], "connection_id": world.stack["credentials"]["TelnyxConnectionId"]}
    sim.number("telnyx", world.signer.accounts["telnyx"], number, **settings)
    placed = sim.call("POST", f"/phones/{phone}/call", {"to": number})
    eventually(lambda: [command["command"] for command in commands(sim, placed["id"])] == ["reject"])
    notes = [item for item in world.stored(placed["call_leg_id"]) if item["PK"]["S"].startswith("U#platform-telnyx")]
    assert notes and not [item for item in world.stored(placed["call_leg_id"]) if "#K#" in item["PK"]["S"]]
    throughout(lambda: [][len(commands(sim, placed["id"])) - 1 :], 2)


# ---- Telnyx: who takes the call ----------------------------------------------------------------------

HOLD = "Please hold while we connect your call."
GREETING = "You have reached the voicemail. Please leave a message after the beep."
USER = "user-of-telnyx"


def line_of(tenant: Tenant, **wishes: Any) -> str:
    """A number of a user who wants this."""
    number = tenant.number("telnyx", user=USER)
    answer = tenant.admin.put(f"/api/preferences?userId={USER}", wishes)
    assert answer.status_code == 200, explain(answer)
    return number


def forwarding(mobile: str, **more: Any) -> dict[str, Any]:
    return {"callForwardingEnabled": True, "callForwardingNumber": mobile, "voicemailEnabled": True, **more}


def told(sim: Simulator, id: str) -> list[tuple[str, str]]:
    """What a leg was told, and what that says or names."""
    named = ("payload", "to", "stream_url")
    return [(entry["command"], next((entry["params"][name] for name in named if name in entry["params"]), "")) for entry in commands(sim, id)]


def reaches(sim: Simulator, id: str, steps: list[tuple[str, str]], timeout: float = 40) -> None:
    """The leg is told this, in this order, and each of it once."""

    def look() -> bool:
        assert told(sim, id) == steps, told(sim, id)
        return True

    eventually(look, timeout)
    throughout(look, 1.5)


def over(tenant: Tenant, leg: str, outcome: str, timeout: float = 40) -> dict[str, Any]:
    """The call, once it is over as this."""

    def look() -> dict[str, Any]:
        answer = tenant.api.get(f"/api/calls/{leg}")
        assert answer.status_code == 200, explain(answer)
        call: dict[str, Any] = answer.json()["call"]
        assert call["outcome"] == outcome, call
        return call

    return eventually(look, timeout)


def rung(sim: Simulator, mobile: str) -> dict[str, Any]:
    [leg] = [call for call in sim.call("GET", "/calls")["calls"] if call["to"] == mobile]
    return leg


@pytest.mark.parametrize("fault", [None, "duplicate"])
def test_a_call_to_telnyx_is_forwarded_and_answered(tenant: Tenant, sim: Simulator, fault: str | None) -> None:
    mobile, phone = contact(), contact()
    number = line_of(tenant, **forwarding(mobile))
    sim.call("POST", f"/phones/{mobile}", {"call": {"answer": "human", "hang_up_after_steps": 12}})
    faults = [sim.fault("callbacks.call", fault, times=0, match={"to": to}) for to in (number, mobile)] if fault else []
    try:
        placed = sim.call("POST", f"/phones/{phone}/call", {"to": number})
        call = over(tenant, placed["call_leg_id"], "answered")
    finally:
        for entry in faults:
            sim.unfault(entry)
    assert (call["status"], call["direction"], call["from"], call["to"], call["userId"]) == ("completed", "inbound", phone, number, USER)
    # The provider ends both legs; what we say to nobody is no command that was taken.
    reaches(sim, placed["id"], [("answer", ""), ("speak", HOLD), ("transfer", mobile)])
    assert rung(sim, mobile)["from"] == phone

    def both() -> bool:
        legs = tenant.api.get(f"/api/calls/{call['id']}").json()["call"]["legs"]
        assert {leg["role"]: (leg["status"], leg["to"]) for leg in legs} == {"caller": ("completed", number), "callee": ("completed", mobile)}
        [callee] = [leg for leg in legs if leg["role"] == "callee"]
        assert callee["parentLegId"] == placed["call_leg_id"]
        return True

    eventually(both, 20)


@pytest.mark.parametrize("answer", ["busy", "reject"])
def test_a_call_to_telnyx_that_nobody_answers_falls_to_voicemail(tenant: Tenant, sim: Simulator, answer: str) -> None:
    mobile = contact()
    number = line_of(tenant, **forwarding(mobile))
    sim.call("POST", f"/phones/{mobile}", {"call": {"answer": answer}})
    placed = sim.call("POST", f"/phones/{contact()}/call", {"to": number})
    steps = [("answer", ""), ("speak", HOLD), ("transfer", mobile), ("speak", GREETING), ("record_start", "")]
    reaches(sim, placed["id"], steps)
    record = commands(sim, placed["id"])[-1]["params"]
    assert (record["channels"], record["play_beep"], record["max_length"]) == ("single", True, 120)
    sim.call("POST", f"/calls/{placed['id']}/hang_up", {})
    eventually(lambda: tenant.api.get(f"/api/calls/{placed['call_leg_id']}").json()["call"]["outcome"] in ("voicemail", "missed"), 40)
    reaches(sim, placed["id"], steps)


@pytest.mark.parametrize("presses", [True, False])
def test_a_screened_call_to_telnyx_is_joined_by_a_key(tenant: Tenant, sim: Simulator, presses: bool) -> None:
    mobile = contact()
    number = line_of(tenant, **forwarding(mobile, callScreening=True))
    script = {"answer": "human", "digits": "1", "hang_up_after_steps": 60} if presses else {"answer": "machine"}
    sim.call("POST", f"/phones/{mobile}", {"call": script})
    placed = sim.call("POST", f"/phones/{contact()}/call", {"to": number})
    begins = [("answer", ""), ("speak", HOLD)]
    if presses:
        over(tenant, placed["call_leg_id"], "answered", 60)
        reaches(sim, placed["id"], begins)
        assert [name for name, _ in told(sim, rung(sim, mobile)["id"])] == ["gather_using_speak", "bridge"]
    else:
        reaches(sim, placed["id"], [*begins, ("speak", GREETING), ("record_start", "")], 60)
        assert [name for name, _ in told(sim, rung(sim, mobile)["id"])] == ["gather_using_speak", "hangup"]
        sim.call("POST", f"/calls/{placed['id']}/hang_up", {})


def test_an_agent_gets_the_audio_of_a_call_to_telnyx(tenant: Tenant, sim: Simulator) -> None:
    agent = {
        "id": "ag-" + secrets.token_hex(4), "name": "Desk", "kind": "stream", "prompt": "Be kind.",
        "stream": {"url": "wss://voice.example.com/in", "parameters": {"lang": 'en & "us"'}}, "fallback": "apology",
    }  # fmt: skip
    made = tenant.admin.post("/api/agents", agent)
    assert made.status_code == 201, explain(made)
    number = tenant.number("telnyx", agent=agent["id"])
    placed = sim.call("POST", f"/phones/{contact()}/call", {"to": number})
    reaches(sim, placed["id"], [("answer", ""), ("streaming_start", agent["stream"]["url"])])
    given = commands(sim, placed["id"])[-1]["params"]
    parameters = {entry["name"]: entry["value"] for entry in given["custom_parameters"]}
    assert parameters["lang"] == 'en & "us"' and parameters["agentId"] == agent["id"]
    config = requests.get(parameters["configUrl"], headers={"X-Call-Token": parameters["token"]}, timeout=20)
    assert config.status_code == 200 and config.json()["prompt"] == "Be kind.", explain(config)
    # Nothing secret stands in a URL.
    assert parameters["token"] not in given["stream_url"] + parameters["configUrl"]
    sim.call("POST", f"/calls/{placed['id']}/hang_up", {})
    assert over(tenant, placed["call_leg_id"], "agent")["agentId"] == agent["id"]


# ---- Retell -----------------------------------------------------------------------------------------


def retell(world: World, kind: str, number: str, phone: str, **more: Any) -> requests.Response:
    """An event of Retell's, from the same place as `make curl`."""
    stack = Stack(world.stack["name"])
    stack.state = world.stack
    of = events.of_stack(stack)
    of = replace(of, numbers={**of.numbers, "retell": number}, phone=phone)
    event = signed_curl.EVENTS["retell"][kind](of, phone, "")
    body = json.loads(event["body"])
    if "call" in body:
        body["call"] |= more
    text = json.dumps(body)
    return world.post_body(world.webhook("retell"), text, world.signer.json_headers("retell", text))


def agent(world: World) -> str:
    answer = requests.post(
        f"{world.stack['simulator']}/retell/create-agent", timeout=30,
        headers={"Authorization": f"Bearer {world.stack['credentials']['RetellApiKey']}"},
        json={"voice_id": "11labs-Adrian", "response_engine": {"type": "retell-llm", "llm_id": "llm_1"}, "webhook_url": world.webhook("retell")},
    )  # fmt: skip
    assert answer.status_code == 201, explain(answer)
    return answer.json()["agent_id"]


def with_agent(world: World, tenant: Tenant) -> tuple[str, str]:
    number, talker = tenant.number("retell"), agent(world)
    world.sim.number("retell", world.signer.accounts["retell"], number, inbound_webhook_url=world.webhook("retell"), inbound_agent_id=talker)
    return number, talker


def test_a_lookup_of_retells_gets_our_id_which_its_events_bring_back(world: World, tenant: Tenant, sim: Simulator) -> None:
    (number, talker), phone = with_agent(world, tenant), contact()
    placed = sim.call("POST", f"/phones/{phone}/call", {"to": number})
    assert (placed["outcome"], placed["agent_id"]) == ("answered", talker)
    [question] = placed["callbacks"]
    given = json.loads(question["response"]["body"])["call_inbound"]["metadata"]["tandem_ref"]
    leg = ended(world, tenant)
    assert leg["SK"]["S"] == f"L#{placed['call_id']}" and leg["acct"]["S"] == "platform-retell"
    raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
    assert tenant.name.encode() in raw and leg["PK"]["S"].startswith(f"T#{tenant.name}#K#")
    told = [call for call in sim.call("GET", "/calls")["calls"] if call["id"] == placed["call_id"]]
    assert len(told) == 1
    assert phone not in given and number not in given


@pytest.mark.parametrize(
    "order",
    [
        ["call_started", "call_ended", "call_analyzed"],
        ["call_ended", "call_started", "call_analyzed"],
        ["call_analyzed", "call_ended", "call_started"],
        ["call_ended", "call_ended", "call_started", "call_ended", "call_analyzed", "call_analyzed"],
    ],
)
def test_events_of_retell_in_any_order_are_one_leg(world: World, tenant: Tenant, order: list[str]) -> None:
    number, phone, id = tenant.number("retell"), contact(), "call_" + secrets.token_hex(14)
    for kind in order:
        accepted(retell(world, kind, number, phone, call_id=id))
    leg = ended(world, tenant)
    assert leg["SK"]["S"] == f"L#{id}" and (leg["dur"]["N"], leg["hc"]["S"]) == ("61", "normal"), leg


def test_events_of_retell_that_race_each_other_are_one_leg(world: World, tenant: Tenant) -> None:
    number, phone, id = tenant.number("retell"), contact(), "call_" + secrets.token_hex(14)
    kinds = ["call_started", "call_ended", "call_analyzed"] * 4
    at_once(lambda kind=kind: accepted(retell(world, kind, number, phone, call_id=id)) for kind in kinds)
    assert ended(world, tenant)["dur"]["N"] == "61"


def test_the_same_lookup_twice_is_one_call(world: World, tenant: Tenant) -> None:
    number, phone = tenant.number("retell"), contact()
    text = json.dumps({"event": "call_inbound", "event_timestamp": 1795262400000, "call_inbound": {"agent_id": "a", "from_number": phone, "to_number": number}})
    answers = at_once((lambda: world.post_body(world.webhook("retell"), text, world.signer.json_headers("retell", text))) for _ in range(4))
    assert len({answer.text for answer in answers}) == 1, [answer.text for answer in answers]
    assert len(calls(world, tenant)) == 1 and legs(world, tenant) == []


@pytest.mark.parametrize("provider", ["telnyx", "twilio"])
def test_an_agent_at_retell_takes_a_call_of_another_provider(world: World, tenant: Tenant, sim: Simulator, provider: str) -> None:
    name, talker = "ag-" + secrets.token_hex(4), agent(world)
    made = tenant.admin.post("/api/agents", {"id": name, "name": "Talker", "kind": "retell", "retell": {"agentId": talker}, "fallback": "voicemail"})
    assert made.status_code == 201, explain(made)
    number = tenant.number(provider, agent=name)
    placed = sim.call("POST", f"/phones/{contact()}/call", {"to": number})

    def handed() -> dict[str, Any]:
        found = [call for call in sim.call("GET", "/calls")["calls"] if call["provider"] == "retell" and call.get("agent_id") == talker]
        assert len(found) == 1, found
        return found[0]

    call = eventually(handed, 30)
    if provider == "telnyx":
        reaches(sim, placed["id"], [("answer", ""), ("transfer", f"sip:{call['id']}@sip.retellai.com")])
    assert over(tenant, placed.get("call_leg_id") or placed["call_sid"], "agent", 60)["agentId"] == name


def test_calls_of_retell_to_a_number_of_nobodys_are_left_to_it(world: World) -> None:
    number, phone, id = contact(), contact(), "call_" + secrets.token_hex(14)
    accepted(retell(world, "call_inbound", number, phone))
    for kind in ("call_started", "call_ended"):
        accepted(retell(world, kind, number, phone, call_id=id))
    found = world.stored(id)
    assert [item for item in found if item["PK"]["S"].startswith("U#platform-retell")]
    assert not [item for item in found if "#K#" in item["PK"]["S"]]


@pytest.mark.parametrize("seconds", [None, -310, 310])
def test_events_of_retell_that_are_forged_or_stale(world: World, tenant: Tenant, seconds: int | None) -> None:
    number = tenant.number("retell")
    text = json.dumps({"event": "call_ended", "call": {"call_id": "call_" + secrets.token_hex(14), "to_number": number, "from_number": contact(), "direction": "inbound"}})
    signed = world.signer.json_headers("retell", text, key="not the key") if seconds is None else world.signer.json_headers("retell", text, at=time.time() + seconds)
    for headers in (signed, {}, {"x-retell-signature": ""}):
        problem(world.post_body(world.webhook("retell"), text, headers), 403, "INVALID_SIGNATURE")
    assert legs(world, tenant) == [] and calls(world, tenant) == []
