"""Texts whose webhooks are lost: the provider lists them, and the reconciler brings them in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from world import Api, Simulator, World, contact, eventually, problem, throughout, words


def reconcile(world: World, ahead: timedelta) -> None:
    """A run of the reconciler, as of a time that is a little ahead: the newest five minutes are the webhooks'."""
    time = (datetime.now(timezone.utc) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = world.aws("lambda").invoke(
        FunctionName=f"{world.stack['stackName']}-reconciler", Payload=json.dumps({"time": time}).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


@pytest.fixture(scope="module")
def lost(world: World) -> dict[str, dict[str, Any]]:
    """All texts first and one run for all: the next run would have nothing to ask for within four minutes."""
    sim, cases = world.sim, {}
    for provider in ("twilio", "signalwire"):
        for name, body, more in (
            ("text", words(), {}),
            ("stop", "STOP", {}),
            ("help", "HELP", {}),
            ("picture", words(), {"media": [{"kind": "png"}]}),
            ("brought", words(), {}),
        ):
            phone, number = contact(), world.demo_number[provider]
            if name != "brought":
                sim.fault("callbacks.inbound", "drop", match={"from": phone})
                received = sim.call("POST", f"/phones/{phone}/text", {"to": number, "body": body, **more})
                assert [entry.get("response") for entry in webhooks(sim, received)] == [None], received
            else:
                received = sim.text(phone, number, body)
            cases[f"{provider} {name}"] = {"phone": phone, "body": body, "sid": received["sid"], "number": number}
    for name, case in cases.items():
        assert name.endswith("brought") or world.user.texts_with(case["phone"]) == []
    reconcile(world, timedelta(minutes=6))
    return cases


def webhooks(sim: Simulator, received: dict[str, Any]) -> list[dict[str, Any]]:
    return sim.call("GET", "/callbacks", message_sid=received["sid"])["callbacks"]


def test_a_text_that_no_webhook_brought_is_there(user: Api, sim: Simulator, lost: dict[str, Any], form_provider: str) -> None:
    case = lost[f"{form_provider} text"]
    [message] = user.received(case["phone"])
    assert (message["body"], message["providerSid"], message["status"]) == (case["body"], case["sid"], "received")
    # Its webhook comes after all: it is the same message.
    [never_sent] = webhooks(sim, {"sid": case["sid"]})
    sim.redeliver(never_sent)

    def one() -> None:
        assert [text["id"] for text in user.texts_with(case["phone"])] == [message["id"]]

    throughout(one, 2)


def test_what_was_brought_is_not_brought_again(user: Api, lost: dict[str, Any], form_provider: str) -> None:
    [message] = user.received(lost[f"{form_provider} brought"]["phone"])
    assert message["providerSid"] == lost[f"{form_provider} brought"]["sid"]


def test_a_stop_holds_and_nothing_is_answered_late(user: Api, sim: Simulator, lost: dict[str, Any], form_provider: str) -> None:
    for name in ("stop", "help"):
        case = lost[f"{form_provider} {name}"]
        user.received(case["phone"])
    stopped = lost[f"{form_provider} stop"]
    problem(user.post("/api/sms/send", {"to": stopped["phone"], "message": words(), "from": stopped["number"]}), 409, "OPTED_OUT", "to")
    for name in ("stop", "help"):
        assert sim.creates_to(lost[f"{form_provider} {name}"]["phone"]) == []


def test_its_pictures_come_along(user: Api, lost: dict[str, Any], form_provider: str) -> None:
    def copied() -> bool:
        [message] = user.received(lost[f"{form_provider} picture"]["phone"])
        [picture] = message["media"]
        return picture["status"] == "stored"

    eventually(copied, 60)
