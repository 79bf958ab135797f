"""Money: paid in once, never spent twice, never more than there is."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import pytest

from world import SMS_PRICE, Api, Simulator, Tenant, World, at_once, contact, dollars, eventually, explain, problem, words


def deposit(api: Api, amount: str, reference: str, **more: Any) -> Any:
    """Amounts are written by hand, so that no float stands between."""
    extra = "".join(f',"{name}":"{value}"' for name, value in more.items())
    body = f'{{"amount":{amount},"reference":"{reference}"{extra}}}'
    return api.post("/api/wallet/deposit", data=body, headers={"Content-Type": "application/json"})


def test_an_empty_wallet_sends_nothing(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    body = {"to": phone, "message": words(), "from": number}
    problem(tenant.api.post("/api/sms/send", body), 402, "INSUFFICIENT_BALANCE")
    tenant.deposit("0.007499")
    problem(tenant.api.post("/api/sms/send", body), 402, "INSUFFICIENT_BALANCE")
    tenant.deposit("0.000001")
    sent = tenant.api.send(**body)
    problem(tenant.api.post("/api/sms/send", {**body, "to": contact()}), 402, "INSUFFICIENT_BALANCE")
    tenant.api.settled(sent["id"])
    eventually(lambda: tenant.api.books_balance() == {"balance": 0, "held": 0, "available": 0})
    assert len(sim.creates_to(phone)) == 1 and len(tenant.api.pages("/api/messages")) == 1


def test_money_for_seven_sends_seven(tenant: Tenant, sim: Simulator) -> None:
    number, phones = tenant.number("signalwire"), [contact() for _ in range(20)]
    tenant.deposit(str(7 * SMS_PRICE + Decimal("0.007")))
    answers = at_once(
        (lambda p=p: tenant.api.post("/api/sms/send", {"to": p, "message": words(), "from": number}) for p in phones), workers=12
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] * 7 + [402] * 13, codes
    for answer in answers:
        if answer.status_code == 202:
            tenant.api.settled(answer.json()["message"]["id"])
    eventually(lambda: tenant.api.books_balance() == {"balance": Decimal("0.007"), "held": 0, "available": Decimal("0.007")})
    assert sum(len(sim.messages_to(phone)) for phone in phones) == 7
    # Money was never promised twice, at any moment.
    running = Decimal(0)
    held = Decimal(0)
    for entry in reversed(tenant.api.ledger()):
        running += dollars(entry["amount"])
        held += dollars(entry["held"])
        assert dollars(entry["balanceAfter"]) == running, entry
        assert running - held >= 0 and held >= 0, entry


def test_what_is_given_back_can_be_spent(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    tenant.deposit(str(SMS_PRICE))
    sim.script(phone, sms=False)
    tenant.api.settled(tenant.api.send(to=phone, message=words(), **{"from": number})["id"], "failed")
    eventually(lambda: tenant.api.wallet()["available"] == SMS_PRICE)
    tenant.api.settled(tenant.api.send(to=contact(), message=words(), **{"from": number})["id"])


def cap(api: Api, daily: str, monthly: str, **more: Any) -> Any:
    """Caps are written by hand, as amounts are."""
    extra = "".join(f',"{name}":"{value}"' for name, value in more.items())
    body = f'{{"daily":{daily},"monthly":{monthly}{extra}}}'
    return api.put("/api/wallet/spend-cap", data=body, headers={"Content-Type": "application/json"})


def spent(api: Api) -> tuple[Decimal, Decimal]:
    body = api.get("/api/wallet/spend-cap").json()
    return dollars(body["spentToday"]), dollars(body["spentThisMonth"])


def test_a_cap_for_seven_sends_seven(tenant: Tenant, sim: Simulator) -> None:
    number, phones = tenant.number("signalwire"), [contact() for _ in range(20)]
    tenant.deposit("5")
    # Of the month, so that no midnight comes between but once a month.
    answer = cap(tenant.admin, "null", str(7 * SMS_PRICE + Decimal("0.007")))
    assert answer.status_code == 200 and answer.json()["success"] is True, explain(answer)
    assert dollars(answer.json()["monthly"]) == 7 * SMS_PRICE + Decimal("0.007") and answer.json()["daily"] is None
    answers = at_once(
        (lambda p=p: tenant.api.post("/api/sms/send", {"to": p, "message": words(), "from": number}) for p in phones), workers=12
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] * 7 + [402] * 13, codes
    for answer in answers:
        if answer.status_code == 202:
            tenant.api.settled(answer.json()["message"]["id"])
        else:
            problem(answer, 402, "SPEND_CAP_REACHED", "monthly")
            assert "T00:00:00.000Z" in answer.json()["detail"], explain(answer)
    assert sum(len(sim.messages_to(phone)) for phone in phones) == 7
    assert spent(tenant.api)[1] == 7 * SMS_PRICE
    # What was refused left nothing behind, and goes out once the cap is lifted.
    assert len(tenant.api.pages("/api/messages")) == 7
    body = {"to": contact(), "message": words(), "from": number}
    problem(tenant.api.post("/api/sms/send", body), 402, "SPEND_CAP_REACHED", "monthly")
    assert cap(tenant.admin, "1000", "null").status_code == 200
    tenant.api.settled(tenant.api.send(**body)["id"])
    eventually(lambda: tenant.api.books_balance()["held"] == 0)
    assert spent(tenant.api)[1] == 8 * SMS_PRICE


def test_what_fails_makes_room_under_the_cap(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    tenant.deposit("5")
    assert cap(tenant.admin, "null", str(SMS_PRICE)).status_code == 200
    sim.script(phone, sms=False)
    tenant.api.settled(tenant.api.send(to=phone, message=words(), **{"from": number})["id"], "failed")
    eventually(lambda: spent(tenant.api)[1] == 0)
    tenant.api.settled(tenant.api.send(to=contact(), message=words(), **{"from": number})["id"])
    problem(tenant.api.post("/api/sms/send", {"to": contact(), "message": words(), "from": number}), 402, "SPEND_CAP_REACHED", "monthly")


def test_a_cap_is_the_tenants_admins_to_set_and_the_platforms(world: World, tenant: Tenant) -> None:
    assert tenant.api.get("/api/wallet/spend-cap").json() == {
        "success": True, "daily": None, "monthly": None, "spentToday": 0, "spentThisMonth": 0,
    }  # fmt: skip
    problem(cap(tenant.api, "1", "1"), 403, "FORBIDDEN")
    keeper = Api(world.url, world.token(tenant.name, ["tenant-admin"]), world.contract)
    answer = cap(keeper, "0.000001", "0")
    assert answer.status_code == 200 and '"daily":0.000001' in answer.text.replace(" ", ""), explain(answer)
    problem(cap(keeper, "1", "1", tenantId="demo"), 403, "FORBIDDEN")
    assert cap(world.admin, "3.5", "null", tenantId=tenant.name).status_code == 200
    seen = world.admin.get("/api/wallet/spend-cap", params={"tenantId": tenant.name}).json()
    assert (dollars(seen["daily"]), seen["monthly"]) == (Decimal("3.5"), None)
    assert tenant.api.books_balance() == {"balance": 0, "held": 0, "available": 0}


@pytest.mark.parametrize("amount", ["-1", "-0.000001", "0.0000001", "1e3", "1E-2", '"5"', "true", "[]", "{}", "1000000000000.5"])
def test_bad_caps_are_refused(tenant: Tenant, amount: str) -> None:
    problem(cap(tenant.admin, amount, "1"), 400, "VALIDATION_FAILED", "daily")
    problem(cap(tenant.admin, "1", amount), 400, "VALIDATION_FAILED", "monthly")
    assert tenant.api.get("/api/wallet/spend-cap").json()["daily"] is None


def test_a_reference_is_paid_in_once(tenant: Tenant) -> None:
    reference = "invoice " + secrets.token_hex(6)
    answers = at_once((lambda: deposit(tenant.admin, "12.345678", reference) for _ in range(10)), workers=10)
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201], [a.text[:200] for a in answers]
    assert sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers) == 9
    assert len({answer.json()["transaction"]["id"] for answer in answers}) == 1
    assert tenant.api.books_balance()["balance"] == Decimal("12.345678")
    problem(deposit(tenant.admin, "12.345679", reference), 422, "IDEMPOTENCY_MISMATCH", "reference")
    assert tenant.api.wallet()["balance"] == Decimal("12.345678")
    # Of another tenant it is another reference.
    other = tenant.world.tenant()
    assert deposit(other.admin, "1", reference).status_code == 201


def test_amounts_are_exact(tenant: Tenant) -> None:
    total = Decimal(0)
    for amount in ("0.000001", "0.1", "0.2", "0.3", "1000000", "123456.789012", "3", "3.10"):
        answer = deposit(tenant.admin, amount, secrets.token_hex(6))
        assert answer.status_code == 201, explain(answer)
        total += Decimal(amount)
        assert f'"amount":{Decimal(amount).normalize():f}' in answer.text.replace(" ", ""), answer.text
    assert tenant.api.books_balance()["balance"] == total


@pytest.mark.parametrize("amount", ["0", "-1", "-0", "0.0000001", "1.0000001", "1000000.000001", "1e3", "1E-2", '"5"', "null", "true", "[]", "{}", "99999999999999999999999999"])
def test_bad_amounts_are_refused(tenant: Tenant, amount: str) -> None:
    problem(deposit(tenant.admin, amount, "never"), 400, "VALIDATION_FAILED", "amount")
    assert tenant.api.ledger() == []


def test_only_the_platform_pays_in_and_for_whom_it_says(world: World, tenant: Tenant) -> None:
    problem(deposit(tenant.api, "5", "never"), 403, "FORBIDDEN")
    reference = secrets.token_hex(6)
    assert deposit(world.admin, "5", reference, tenantId=tenant.name).status_code == 201
    assert tenant.api.books_balance()["balance"] == 5
    assert world.admin.get("/api/wallet", params={"tenantId": tenant.name}).json()["balance"] == 5


def test_the_ledger_pages_newest_first(tenant: Tenant) -> None:
    for n in range(1, 6):
        assert deposit(tenant.admin, str(n), f"r{n}").status_code == 201
    for limit in (1, 2, 5):
        entries = tenant.api.pages("/api/wallet/transactions", limit)
        assert [entry["reference"] for entry in entries] == ["r5", "r4", "r3", "r2", "r1"], limit
        assert [dollars(entry["balanceAfter"]) for entry in entries] == [15, 10, 6, 3, 1]


def test_prices_of_other_countries_and_long_texts(user: Api) -> None:
    def price(**body: Any) -> str | None:
        estimate = user.post("/api/messages/preview", body).json()["preview"]["price"]["estimate"]
        return estimate and estimate["amount"]

    assert price(to="+14155552671", message="x") == "0.0075"
    assert price(to="+14155552671", message="x" * 161) == "0.015"
    assert price(to="+14155552671", message="x", mediaUrl=["https://example.com/a"]) == "0.02"
    assert price(to="+442079460123", message="x") == "0.15"
    assert price(message="x") == "0.0075"
