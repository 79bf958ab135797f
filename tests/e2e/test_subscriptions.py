"""Subscriptions: an account and a first number of their own, once for each name, and nothing left when they end."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from world import Tenant, World, at_once, contact, explain, problem, words


def wish(tenant: Tenant, provider: str, **more: Any) -> dict[str, Any]:
    return {"subscriptionId": "s-" + secrets.token_hex(5), "userId": "u-1", "provider": provider, "billing": "included",
            "tenantId": tenant.name, **more}  # fmt: skip


def path(tenant: Tenant, body: dict[str, Any]) -> str:
    return f"/api/subscriptions/{body['subscriptionId']}?tenantId={tenant.name}"


@pytest.mark.parametrize("provider", ["twilio", "signalwire"])
def test_a_subscription_receives_in_an_account_of_its_own_and_ends(world: World, provider: str) -> None:
    tenant = world.tenant()
    body = wish(tenant, provider)
    made = world.admin.post("/api/subscriptions", body)
    assert made.status_code == 201, explain(made)
    subscription = made.json()["subscription"]
    assert (subscription["status"], subscription["webhooks"]) == ("active", "ready")
    again = world.admin.post("/api/subscriptions", body)
    assert again.status_code == 200 and again.headers["idempotency-replayed"] == "true", explain(again)
    assert again.json()["subscription"] == subscription
    problem(world.admin.post("/api/subscriptions", {**body, "plan": "gold"}), 422, "IDEMPOTENCY_MISMATCH")
    [number] = tenant.api.pages("/api/numbers")
    assert (number["id"], number["providerAccountId"]) == (subscription["numberId"], subscription["providerAccountId"])
    assert (number["userId"], number["managed"], number["monthlyCost"]) == ("u-1", True, None)
    # Its webhooks are signed with its own account's key.
    person = contact()
    world.sim.text(person, number["phoneNumber"], words())
    tenant.api.received(person)
    for _ in range(2):
        ended = world.admin.delete(path(tenant, body))
        assert ended.status_code == 200 and ended.json()["subscription"]["status"] == "canceled", explain(ended)
    assert tenant.api.pages("/api/numbers") == []
    assert [n["id"] for n in tenant.api.pages("/api/numbers?status=released")] == [number["id"]]


def test_many_who_ask_at_once_get_one(world: World) -> None:
    tenant = world.tenant()
    body = wish(tenant, "twilio")
    answers = at_once([lambda: world.admin.post("/api/subscriptions", body) for _ in range(6)])
    assert {answer.status_code for answer in answers} <= {200, 201, 202}
    assert len({answer.json()["subscription"]["providerAccountId"] for answer in answers}) == 1
    assert len(tenant.api.pages("/api/numbers")) == 1
    world.admin.delete(path(tenant, body))


def test_what_cannot_be_paid_waits_and_is_said_to(world: World) -> None:
    tenant = world.tenant()
    body = wish(tenant, "twilio", billing="wallet")
    asked = world.admin.post("/api/subscriptions", body)
    assert asked.status_code == 202, explain(asked)
    assert asked.json()["subscription"]["problem"]["code"] == "INSUFFICIENT_BALANCE"
    ended = world.admin.delete(path(tenant, body))
    assert ended.status_code == 200, explain(ended)


def test_only_the_platform_provisions(world: World) -> None:
    tenant = world.tenant()
    body = wish(tenant, "twilio")
    problem(tenant.api.post("/api/subscriptions", {**body, "tenantId": None}), 403, "FORBIDDEN")
    problem(world.admin.post("/api/subscriptions", {**body, "provider": "retell"}), 422, "CAPABILITY_MISSING", "provider")
    problem(world.admin.post("/api/subscriptions", {**body, "colour": "red"}), 400, "VALIDATION_FAILED", "colour")
    problem(world.admin.get(path(tenant, body)), 404, "NOT_FOUND")
