"""Numbers that move to another tenant or another account: one holder at the end, every text told once, nothing paid twice."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from test_customer_events import Receiver
from test_number_purchase import at_provider, bought
from world import Tenant, World, contact, explain, problem, words


def later(world: World, minutes: int) -> None:
    """A run of the reconciler as of a later time, which a local stack believes: a move takes six minutes."""
    time = (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = world.aws("lambda").invoke(
        FunctionName=f"{world.stack['stackName']}-reconciler", Payload=json.dumps({"time": time}).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def one(tenant: Tenant, phone: str) -> dict[str, Any] | None:
    return next(iter(tenant.api.pages(f"/api/numbers?phoneNumber={phone.replace('+', '%2B')}")), None)


def move(world: World, tenant: Tenant, number: dict[str, Any], body: dict[str, Any], key: str | None = None) -> requests.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return world.admin.post(f"/api/numbers/{number['id']}/move?tenantId={tenant.name}", body, headers=headers)


def under_way(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 202 and answer.json()["number"]["status"] == "moving", explain(answer)
    return answer.json()["number"]


@pytest.fixture
def old(world: World) -> Tenant:
    tenant = world.tenant()
    tenant.deposit("5")
    return tenant


@pytest.fixture
def new(world: World) -> Tenant:
    return world.tenant()


def test_a_number_goes_to_another_tenant_with_what_came_meanwhile(world: World, old: Tenant, new: Tenant) -> None:
    left, got = Receiver(world, old, ["number.*"]), Receiver(world, new, ["number.*"])
    number = bought(old, "twilio", userId="ann")
    phone, person, stopper = number["phoneNumber"], contact(), contact()
    balance = old.api.books_balance()
    body, key = {"tenantId": new.name, "userId": "ben"}, secrets.token_hex(8)
    moving = under_way(move(world, old, number, body, key))
    assert under_way(move(world, old, number, body)) == moving
    again = move(world, old, number, body, key)
    assert under_way(again) == moving and again.headers["idempotency-replayed"] == "true"
    problem(move(world, old, number, {"tenantId": "somebody"}, key), 422, "IDEMPOTENCY_MISMATCH")
    problem(move(world, old, number, {"tenantId": "somebody"}), 409, "IN_PROGRESS")
    problem(old.admin.request("PATCH", f"/api/numbers/{number['id']}", json={"notes": "mine"}), 409, "IN_PROGRESS")
    problem(old.admin.delete(f"/api/numbers/{number['id']}/release"), 409, "IN_PROGRESS")
    problem(old.api.post("/api/sms/send", {"to": person, "message": words(), "from": phone}), 422, "NO_PROVIDER_FOR_NUMBER")

    text = words()
    came = world.sim.text(person, phone, text)
    world.sim.redeliver(came["callbacks"][0])
    world.sim.text(stopper, phone, "STOP")
    assert old.api.texts_with(person) == [] == new.api.texts_with(person)
    # A STOP is heard at once: nothing leaves to whoever says it while the number is under way.
    assert old.api.get(f"/api/opt-outs/%2B{stopper[1:]}").json()["optOut"]["optedOut"] is True
    # However often it is looked at, it takes its time.
    later(world, 5)
    assert one(new, phone) is None and one(old, phone) == moving

    later(world, 7)
    assert one(old, phone) is None
    held = one(new, phone)
    assert held and held["id"] != number["id"] and (held["status"], held["userId"], held["managed"]) == ("active", "ben", True)
    gone = old.api.get(f"/api/numbers/{number['id']}").json()["number"]
    assert (gone["status"], gone["userId"]) == ("released", "ann")
    [message] = new.api.received(person)
    assert (message["body"], message["userId"], message["providerSid"]) == (text, "ben", came["sid"])
    assert old.api.texts_with(person) == []
    assert new.api.get(f"/api/opt-outs/%2B{stopper[1:]}").json()["optOut"]["optedOut"] is True
    world.sim.redeliver(came["callbacks"][0])
    world.sim.text(person, phone, words())
    assert len(new.api.received(person, 2)) == 2 and old.api.texts_with(person) == []
    later(world, 9)
    # The month was paid by the old holder, and the new one pays the next.
    assert old.api.books_balance() == balance and new.api.ledger() == []

    told = left.events(3)
    assert [(event["type"], event["data"]["status"]) for event in told] == [
        ("number.added", "active"), ("number.updated", "moving"), ("number.released", "released"),
    ]  # fmt: skip
    [added] = got.events(1)
    assert (added["type"], added["data"]) == ("number.added", held)
    # It is the new holder's to give back.
    released = new.admin.delete(f"/api/numbers/{held['id']}/release")
    assert released.status_code == 200 and at_provider(world, phone) is None, explain(released)


@pytest.mark.parametrize("provider", ["twilio", "signalwire"])
def test_a_number_goes_into_an_account_of_its_own_and_its_events_with_it(world: World, old: Tenant, provider: str) -> None:
    wish = {"subscriptionId": "s-" + secrets.token_hex(5), "userId": "u-1", "provider": provider, "billing": "included", "tenantId": old.name}
    made = world.admin.post("/api/subscriptions", wish)
    assert made.status_code == 201, explain(made)
    account, person = made.json()["subscription"]["providerAccountId"], contact()
    number = bought(old, provider, providerAccountId=f"platform-{provider}")
    phone, before = number["phoneNumber"], at_provider(world, number["phoneNumber"])
    under_way(move(world, old, number, {"providerAccountId": account}))
    world.sim.text(person, phone, words())
    later(world, 7)
    held, after = one(old, phone), at_provider(world, phone)
    assert held and before and after and after["account"] != before["account"]
    assert (held["id"], held["status"], held["providerAccountId"]) == (number["id"], "active", account)
    world.sim.text(person, phone, words())
    assert len(old.api.received(person, 2)) == 2
    later(world, 9)
    back = under_way(move(world, old, held, {"providerAccountId": f"platform-{provider}"}))
    assert back["id"] == number["id"]
    later(world, 7)
    assert (one(old, phone) or {})["providerAccountId"] == f"platform-{provider}"
    returned = at_provider(world, phone)
    assert returned and returned["account"] == before["account"]


def test_what_a_provider_refuses_stays_where_it_was_and_says_so(world: World, old: Tenant) -> None:
    wish = {"subscriptionId": "s-" + secrets.token_hex(5), "userId": "u-1", "provider": "twilio", "billing": "included", "tenantId": old.name}
    account = world.admin.post("/api/subscriptions", wish).json()["subscription"]["providerAccountId"]
    number = bought(old, "twilio", providerAccountId="platform-twilio")
    phone, person = number["phoneNumber"], contact()
    under_way(move(world, old, number, {"providerAccountId": account}))
    world.sim.text(person, phone, words())
    fault = world.sim.fault("numbers.update", "error", times=9, status=400, code=20001, match={"sid": number["providerSid"]})
    try:
        later(world, 7)
    finally:
        world.sim.unfault(fault)
    held = one(old, phone)
    assert held and (held["status"], held["providerAccountId"]) == ("active", "platform-twilio")
    assert held["moveRefused"]["reason"], held
    old.api.received(person)
    problem(move(world, old, number, {"providerAccountId": account}), 409, "IN_PROGRESS")
    later(world, 9)
    again = under_way(move(world, old, number, {"providerAccountId": account}))
    assert "moveRefused" not in again


def test_only_the_platform_moves_numbers(world: World, old: Tenant, new: Tenant) -> None:
    number = one(old, old.number("telnyx"))
    assert number
    path = f"/api/numbers/{number['id']}/move"
    problem(old.api.post(path, {"tenantId": new.name}), 403, "FORBIDDEN")
    manager = old.world.token(old.name, ["tenant-admin"])
    answer = requests.post(world.url + path, json={"tenantId": new.name}, headers={"Authorization": f"Bearer {manager}"}, timeout=30)
    problem(answer, 403, "FORBIDDEN")
    problem(world.admin.post(path, {"tenantId": new.name}), 404, "NOT_FOUND")
    for body, field in (({}, "tenantId"), ({"tenantId": old.name}, "tenantId"), ({"tenantId": 7}, "tenantId"), ({"colour": "red"}, "colour")):
        problem(move(world, old, number, body), 400, "VALIDATION_FAILED", field)
    problem(move(world, old, number, {"providerAccountId": "platform-nobody"}), 422, "PROVIDER_NOT_FOUND", "providerAccountId")
    problem(move(world, old, number, {"providerAccountId": "platform-twilio"}), 422, "CAPABILITY_MISSING", "providerAccountId")
    assert one(old, number["phoneNumber"]) == number
