"""Sends that wait, and sends that are withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from world import PROVIDERS, SMS_PRICE, Api, Simulator, Tenant, World, at_once, contact, eventually, explain, problem, words


def later(**ahead: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(**ahead)).isoformat()


def canceled(api: Api, id: str) -> None:
    answer = api.post(f"/api/messages/{id}/cancel")
    assert answer.status_code == 200 and answer.json()["message"]["status"] == "canceled", explain(answer)


def test_a_scheduled_send_waits_and_can_be_withdrawn(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    tenant.deposit("1")
    at = later(minutes=2)
    sent = tenant.api.send(to=phone, message=words(), sendAt=at, **{"from": number})
    assert sent["status"] == "scheduled"
    message = tenant.api.message(sent["id"])
    assert message["status"] == "scheduled" and message["attempts"] == []
    kept = datetime.fromisoformat(message["sendAt"]) - datetime.fromisoformat(at)
    assert abs(kept.total_seconds()) < 0.01, message["sendAt"]
    assert tenant.api.wallet() == {"balance": 1, "held": SMS_PRICE, "available": 1 - SMS_PRICE}

    canceled(tenant.api, sent["id"])
    eventually(lambda: tenant.api.wallet() == {"balance": 1, "held": 0, "available": 1})
    message = tenant.api.message(sent["id"])
    assert (message["status"], message["errorCode"], message["attempts"]) == ("canceled", None, [])
    assert message["price"]["charged"] == {"amount": "0", "currency": "USD"}
    canceled(tenant.api, sent["id"])  # Once more is the same.
    assert sim.creates_to(phone) == []
    tenant.api.books_balance()


def test_many_who_withdraw_at_once_get_the_money_back_once(tenant: Tenant) -> None:
    number = tenant.number("signalwire")
    tenant.deposit("1")
    sent = tenant.api.send(to=contact(), message=words(), sendAt=later(hours=1), **{"from": number})
    at_once((lambda: canceled(tenant.api, sent["id"])) for _ in range(8))
    eventually(lambda: tenant.api.books_balance()["held"] == 0)
    assert [entry["type"] for entry in tenant.api.ledger()].count("release") == 1


def test_what_has_left_or_came_in_cannot_be_withdrawn(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone = contact()
    sent = user.settled(user.send(to=phone, message=words(), **{"from": world.demo_number[provider]})["id"])
    problem(user.post(f"/api/messages/{sent['id']}/cancel"), 409, "IN_PROGRESS")
    assert user.message(sent["id"]) == sent
    sim.text(phone, world.demo_number[provider], words())
    [inbound] = user.received(phone)
    problem(user.post(f"/api/messages/{inbound['id']}/cancel"), 404, "NOT_FOUND")


@dataclass
class Waiting:
    tenant: Tenant
    at: datetime
    sent: dict[str, dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def waiting(world: World) -> Waiting:
    """Scheduled at the start, all for the same moment: the sweeper, which sends them on their way, looks once a minute."""
    tenant, at = world.tenant(), datetime.now(timezone.utc) + timedelta(seconds=6)
    tenant.deposit("1")
    numbers = {provider: tenant.number(provider) for provider in PROVIDERS}
    sent = {}
    for name, provider in (("twilio", "twilio"), ("signalwire", "signalwire"), ("telnyx", "telnyx"), ("stopped", "signalwire")):
        body = {"to": contact(), "message": words(), "sendAt": at.isoformat(), "from": numbers[provider]}
        sent[name] = tenant.api.send(**body)
        assert sent[name]["status"] == "scheduled"
    world.sim.text(sent["stopped"]["to"], numbers["signalwire"], "STOP")
    return Waiting(tenant, at, sent)


def test_what_could_not_leave_in_time_expires(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    tenant.deposit("1")
    sim.fault("messages.create", "status_429", match={"to": phone}, retry_after=8)
    sent = tenant.api.send(to=phone, message=words(), sendBefore=later(seconds=7), **{"from": number})
    message = tenant.api.settled(sent["id"], "failed", timeout=40)
    assert message["errorCode"] == "EXPIRED", message
    eventually(lambda: tenant.api.books_balance() == {"balance": 1, "held": 0, "available": 1})


def test_a_scheduled_send_leaves_when_its_time_has_come(waiting: Waiting, sim: Simulator, provider: str) -> None:
    sent = waiting.sent[provider]
    waiting.tenant.api.settled(sent["id"], timeout=130)
    [request] = sim.creates_to(sent["to"])
    assert datetime.fromisoformat(request["at"]) >= waiting.at


def test_a_stop_before_its_time_keeps_it_back(waiting: Waiting, sim: Simulator) -> None:
    sent = waiting.sent["stopped"]
    message = waiting.tenant.api.settled(sent["id"], "failed", timeout=130)
    assert message["errorCode"] == "OPTED_OUT", message
    assert [text for text in sim.inbox(sent["to"]) if text["body"] == message["body"]] == []
    eventually(lambda: waiting.tenant.api.books_balance()["held"] == 0)
