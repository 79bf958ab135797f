"""What was used: charges and costs in the books, corrected by the provider's bill; calls that come in are charged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from world import SMS_PRICE, Simulator, Tenant, World, contact, dollars, eventually, explain, problem, words

# A minute of a call that comes in to a number of the US (shared/data/prices.json).
MINUTE = Decimal("0.013")


def usage(tenant: Tenant, **query: str) -> dict[str, Any]:
    answer = tenant.api.get("/api/usage", params=query)
    assert answer.status_code == 200, explain(answer)
    return answer.json()


def report(tenant: Tenant, by: str) -> dict[str | None, dict[str, Any]]:
    """The groups by their keys, after their sum has been compared with the total and with the ledger."""
    body = usage(tenant, groupBy=by)
    assert body["groupBy"] == by
    for unit in (("messages", "count"), ("messages", "segments"), ("calls", "count"), ("calls", "seconds")):
        assert sum(item[unit[0]][unit[1]] for item in body["items"]) == body["total"][unit[0]][unit[1]], body
    charged = sum((Decimal(item["charge"]["amount"]) for item in body["items"]), Decimal(0))
    assert charged == Decimal(body["total"]["charge"]["amount"]), body
    taken = sum((dollars(entry["amount"]) for entry in tenant.api.ledger() if entry["type"] != "deposit"), Decimal(0))
    assert charged == -taken, (body, taken)
    return {item["key"]: item for item in body["items"]}


def test_texts_are_booked_by_provider_number_user_and_day(tenant: Tenant) -> None:
    assert usage(tenant)["items"] == []
    tenant.deposit("5")
    numbers = {provider: tenant.number(provider) for provider in ("twilio", "telnyx")}
    long = "x" * 200
    for provider, number in numbers.items():
        for text in (words(), long):
            tenant.api.settled(tenant.api.send(to=contact(), message=text, **{"from": number})["id"])
    eventually(lambda: tenant.api.books_balance()["held"] == 0)

    by_provider = eventually(lambda: counted(report(tenant, "provider"), 4))
    assert set(by_provider) == {"twilio", "telnyx"}
    for item in by_provider.values():
        assert item["messages"] == {"count": 2, "segments": 3}, item
        assert item["charge"] == {"amount": str(3 * SMS_PRICE), "currency": "USD"}, item
    # Telnyx says in its reports what it bills: 0.004 a part. Twilio does not.
    assert by_provider["telnyx"]["costs"] == [{"amount": "0.012", "currency": "USD"}]
    assert by_provider["twilio"]["costs"] == []
    assert set(report(tenant, "number")) == set(numbers.values())
    [user] = report(tenant, "user")
    assert user
    [day] = report(tenant, "day")
    assert usage(tenant, to=day)["total"] == usage(tenant)["total"]
    assert usage(tenant, **{"from": "2026-01-01", "to": "2026-01-02"})["items"] == []


def counted(items: dict[str | None, dict[str, Any]], messages: int) -> dict[str | None, dict[str, Any]]:
    assert sum(item["messages"]["count"] for item in items.values()) == messages, items
    return items


@pytest.mark.parametrize("provider", ["signalwire", "telnyx"])
def test_the_bill_corrects_the_units_once(world: World, tenant: Tenant, sim: Simulator, provider: str) -> None:
    number, phone = tenant.number(provider), contact()
    tenant.deposit("1")
    sim.script(phone, outcome="queued")  # The simulator itself reports nothing.
    sent = tenant.api.send(to=phone, message=words(), **{"from": number})
    [at_provider] = eventually(lambda: sim.messages_to(phone))
    url = world.callback_url(phone)
    for status, segments in (("sent", None), ("delivered", "3"), ("delivered", "3")):
        params = world.signer.report(provider, at_provider["sid"], number, phone, status)
        world.report(provider, url, params | ({"NumSegments": segments} if segments else {}))
        tenant.api.settled(sent["id"], status)

    def corrected() -> bool:
        price = tenant.api.message(sent["id"])["price"]
        assert price["estimate"]["amount"] == str(SMS_PRICE) and price["charged"]["amount"] == str(3 * SMS_PRICE), price
        return True

    eventually(corrected)
    assert tenant.api.books_balance()["balance"] == 1 - 3 * SMS_PRICE
    kinds = sorted(entry["type"] for entry in tenant.api.ledger() if entry["type"] != "deposit")
    assert kinds == ["capture", "correction", "hold"], kinds
    [item] = report(tenant, "number").values()
    assert item["messages"] == {"count": 1, "segments": 3}


def test_a_call_that_comes_in_is_charged_even_below_zero(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("telnyx"), contact()
    sim.call("POST", f"/phones/{phone}/call", {"to": number, "attestation": "A"})

    def charged() -> bool:
        assert tenant.api.books_balance() == {"balance": -MINUTE, "held": 0, "available": -MINUTE}
        return True

    eventually(charged, 40)
    [entry] = tenant.api.ledger()
    assert entry["type"] == "usage" and entry["resource"].startswith("call/"), entry
    [item] = report(tenant, "number").values()
    assert item["key"] == number and item["calls"]["count"] == 1 and 0 < item["calls"]["seconds"] <= 60, item
    # An outbound act does not go there.
    problem(tenant.api.post("/api/sms/send", {"to": contact(), "message": words(), "from": number}), 402, "INSUFFICIENT_BALANCE")


def test_what_is_wrong_is_named_and_tenants_do_not_see_each_other(world: World, tenant: Tenant) -> None:
    for query, field in [
        ({"groupBy": "month"}, "groupBy"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "today"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "2025-01-01", "to": "2026-01-01"}, "from"),
        ({"limit": "5"}, "limit"),
    ]:
        problem(tenant.api.get("/api/usage", params=query), 400, "VALIDATION_FAILED", field)
    problem(tenant.api.get("/api/usage", params={"tenantId": "demo"}), 403, "FORBIDDEN")
    assert world.admin.get("/api/usage", params={"tenantId": tenant.name}).json()["items"] == []
    assert world.nobody.get("/api/usage").status_code == 401
