"""Numbers bought and given back: once, paid for once, and with their events coming to us, whatever the provider's answer."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from world import SMS_PRICE, Api, Tenant, World, at_once, contact, dollars, eventually, explain, problem, words

BUY = "/api/numbers/purchase"
# Those that the simulator sells numbers of.
AREAS = ["206", "212", "303", "310", "312", "415", "512", "615", "617", "808"]
PRICE = 1.5


def release(id: str) -> str:
    return f"/api/numbers/{id}/release"


@pytest.fixture
def tenant(world: World) -> Tenant:
    tenant = world.tenant()
    tenant.deposit("5")
    return tenant


def for_sale(tenant: Tenant, provider: str) -> str:
    """A number that this provider sells now. Tests of other tenants may want the same one: there are many."""
    asked = {"countryCode": "US", "numberType": "local", "provider": provider, "areaCode": random.choice(AREAS), "limit": 100}
    answer = tenant.api.post("/api/numbers/search", asked)
    assert answer.status_code == 200 and answer.json()["numbers"], explain(answer)
    return random.choice(answer.json()["numbers"])["phoneNumber"]


def wanted(phone: str, **more: Any) -> dict[str, Any]:
    return {"phoneNumber": phone, "displayName": "Front desk", "countryCode": "US", "numberType": "local", **more}


def buy(api: Api, phone: str, key: str | None = None, **more: Any) -> requests.Response:
    return api.post(BUY, wanted(phone, **more), headers={"Idempotency-Key": key} if key else {})


def bought(tenant: Tenant, provider: str, **more: Any) -> dict[str, Any]:
    """A number in hand, however long its order takes."""
    phone = for_sale(tenant, provider)
    answer = buy(tenant.admin, phone, provider=provider, **more)
    if answer.status_code == 202:
        return ended(tenant, answer.json()["purchase"]["id"])
    assert answer.status_code == 201, explain(answer)
    return answer.json()["number"]


def purchase(tenant: Tenant, id: str) -> dict[str, Any]:
    answer = tenant.api.get(f"/api/numbers/purchases/{id}")
    assert answer.status_code == 200, explain(answer)
    return answer.json()["purchase"]


def ended(tenant: Tenant, id: str) -> dict[str, Any]:
    """The number of an order that its webhook or the reconciler brings to its end."""

    def look() -> dict[str, Any]:
        now = purchase(tenant, id)
        assert now["state"] == "done", now
        return now

    number = eventually(look, 150, interval=1)["numberId"]
    return tenant.api.get(f"/api/numbers/{number}").json()["number"]


def at_provider(world: World, phone: str) -> dict[str, Any] | None:
    numbers = world.sim.call("GET", "/numbers")["numbers"]
    return next((number for number in numbers if number["phone_number"] == phone), None)


def orders(world: World, phone: str) -> int:
    """How often a provider was asked to sell it."""
    sold = 0
    for operation in ("numbers.buy", "orders.create"):
        entries = world.sim.call("GET", "/requests", operation=operation)["requests"]
        sold += sum(phone in str(entry["params"]) for entry in entries)
    return sold


@pytest.fixture
def faults(world: World) -> Iterator[Any]:
    made: list[int] = []

    def add(operation: str, kind: str, **more: Any) -> None:
        provider = more.pop("provider")
        body = {"provider": provider, "operation": operation, "kind": kind, "times": more.pop("times", 1), "params": more}
        body["match"] = {"account": world.signer.accounts[provider]}
        made.append(world.sim.call("POST", "/faults", body)["id"])

    yield add
    for id in made:
        world.sim.unfault(id)


@pytest.mark.parametrize("provider", ["twilio", "signalwire"])
def test_a_number_is_bought_paid_and_texts(world: World, tenant: Tenant, provider: str) -> None:
    phone, person = for_sale(tenant, provider), contact()
    answer = buy(tenant.admin, phone, provider=provider, userId="u-1", businessId="b-1")
    assert answer.status_code == 201, explain(answer)
    body = answer.json()
    number = body["number"]
    assert (number["phoneNumber"], number["status"], number["provider"], number["managed"]) == (phone, "active", provider, True)
    assert (number["userId"], number["businessId"], number["displayName"]) == ("u-1", "b-1", "Front desk")
    assert (number["monthlyCost"], number["providerAccountId"]) == (PRICE, f"platform-{provider}")
    assert (body["transaction"]["type"], body["transaction"]["amount"], body["balance"]) == ("capture", -PRICE, 5 - PRICE)
    assert tenant.api.books_balance()["held"] == 0
    held = at_provider(world, phone)
    assert held is not None and held["friendly_name"].startswith(f"tandem:{world.stack['stackName']}:")
    suffix = "#rc=2&rp=5xx,ct,rt" if provider == "twilio" else ""
    for name, path in (("SmsUrl", "sms"), ("VoiceUrl", "voice"), ("VoiceFallbackUrl", "voice"), ("StatusCallback", "call-status")):
        assert held["settings"][name] == f"{world.url}/api/webhooks/{provider}/{path}{suffix}", held
    # It speaks and hears at once.
    sent = tenant.api.send(to=person, message=words(), **{"from": phone})
    tenant.api.settled(sent["id"])
    world.sim.text(person, phone, words())
    tenant.api.received(person)
    assert tenant.api.books_balance()["balance"] == dollars(5 - PRICE) - SMS_PRICE


def test_an_order_that_takes_its_time(world: World, tenant: Tenant) -> None:
    phone = for_sale(tenant, "telnyx")
    world.sim.call("POST", f"/inventory/{phone}", {"order": "success", "steps": 20})
    answer = buy(tenant.admin, phone, "order", provider="telnyx")
    assert answer.status_code == 202, explain(answer)
    pending = answer.json()["purchase"]
    assert pending["state"] == "ordered" and purchase(tenant, pending["id"])["id"] == pending["id"]
    assert tenant.api.wallet()["held"] == dollars(PRICE)
    # While it is pending it is this purchase's alone.
    assert pending["id"] in problem(buy(tenant.admin, phone, provider="telnyx"), 409, "IN_PROGRESS")["detail"]
    rival = world.tenant()
    rival.deposit("5")
    problem(buy(rival.admin, phone, provider="telnyx"), 409, "NUMBER_UNAVAILABLE", "phoneNumber")
    problem(rival.api.get(f"/api/numbers/purchases/{pending['id']}"), 404, "NOT_FOUND")
    number = ended(tenant, pending["id"])
    assert (number["phoneNumber"], number["status"], number["managed"]) == (phone, "active", True)
    again = buy(tenant.admin, phone, "order", provider="telnyx")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true"), explain(again)
    assert tenant.api.books_balance()["balance"] == dollars(5 - PRICE)
    assert orders(world, phone) == 1


def test_who_may_buy_and_what_is_wrong(world: World, tenant: Tenant) -> None:
    phone = for_sale(tenant, "twilio")
    problem(buy(tenant.api, phone), 403, "FORBIDDEN")
    for change, status, code, field in (
        ({"phoneNumber": "555"}, 400, "INVALID_NUMBER", "phoneNumber"),
        ({"countryCode": "USA"}, 400, "VALIDATION_FAILED", "countryCode"),
        ({"countryCode": "GB"}, 400, "VALIDATION_FAILED", "countryCode"),
        ({"numberType": "vanity"}, 400, "VALIDATION_FAILED", "numberType"),
        ({"displayName": ""}, 400, "VALIDATION_FAILED", "displayName"),
        ({"provider": "vonage"}, 400, "VALIDATION_FAILED", "provider"),
        ({"provider": "retell"}, 422, "CAPABILITY_MISSING", "provider"),
        ({"providerAccountId": "nobody"}, 422, "PROVIDER_NOT_FOUND", "providerAccountId"),
        ({"agentId": "nobody"}, 422, "AGENT_NOT_FOUND", "agentId"),
        ({"regulatory": {"addressId": "../x"}}, 400, "VALIDATION_FAILED", "regulatory.addressId"),
    ):
        problem(tenant.admin.post(BUY, {**wanted(phone), **change}), status, code, field)
    problem(buy(world.tenant().admin, phone, provider="twilio"), 402, "INSUFFICIENT_BALANCE")
    problem(buy(tenant.admin, "+12125559876"), 409, "NUMBER_UNAVAILABLE", "phoneNumber")
    assert orders(world, phone) == 0 and tenant.api.wallet()["balance"] == 5


def test_what_is_not_sold_is_said_and_costs_nothing(world: World, tenant: Tenant, faults: Any) -> None:
    phone = for_sale(tenant, "twilio")
    world.sim.call("POST", f"/inventory/{phone}", {"snatched": True})
    gone = problem(buy(tenant.admin, phone, "gone", provider="twilio"), 409, "NUMBER_UNAVAILABLE")
    assert gone["provider"]["code"] == "21422", gone
    again = buy(tenant.admin, phone, "gone", provider="twilio")
    problem(again, 409, "NUMBER_UNAVAILABLE")
    assert again.headers["Idempotency-Replayed"] == "true" and orders(world, phone) == 1
    faults("numbers.buy", "error", provider="twilio", code=21631, status=400, message="Phone Number Requires an Address")
    problem(buy(tenant.admin, for_sale(tenant, "twilio"), provider="twilio"), 422, "ADDRESS_REQUIRED")
    assert tenant.api.books_balance() == {"balance": 5, "held": 0, "available": 5}


def test_a_key_buys_once(world: World, tenant: Tenant) -> None:
    phone, key = for_sale(tenant, "signalwire"), secrets.token_hex(8)
    answers = at_once([lambda: buy(tenant.admin, phone, key, provider="signalwire") for _ in range(5)])
    assert {answer.status_code for answer in answers} <= {201, 202}, [explain(answer) for answer in answers]
    done = eventually(lambda: buy(tenant.admin, phone, key, provider="signalwire").json().get("number"), 100, interval=1)
    assert done["phoneNumber"] == phone and orders(world, phone) == 1
    problem(buy(tenant.admin, phone, key, provider="signalwire", userId="u-2"), 422, "IDEMPOTENCY_MISMATCH")
    assert tenant.api.books_balance()["balance"] == dollars(5 - PRICE)


def test_no_more_is_bought_than_can_be_paid(world: World, tenant: Tenant) -> None:
    phones: set[str] = set()
    while len(phones) < 8:
        phones.add(for_sale(tenant, "twilio"))
    answers = at_once([lambda phone=phone: buy(tenant.admin, phone, provider="twilio") for phone in phones])
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * 3 + [402] * 5, [explain(answer) for answer in answers]
    assert tenant.api.books_balance() == {"balance": dollars(0.5), "held": 0, "available": dollars(0.5)}


@pytest.mark.parametrize("provider", ["twilio", "signalwire", "telnyx"])
def test_a_lost_answer_is_looked_for_and_not_repeated(world: World, tenant: Tenant, faults: Any, provider: str) -> None:
    phone = for_sale(tenant, provider)
    faults("orders.create" if provider == "telnyx" else "numbers.buy", "accept_then_close", provider=provider)
    answer = buy(tenant.admin, phone, provider=provider)
    if answer.status_code == 202:
        ended(tenant, answer.json()["purchase"]["id"])
    else:
        assert answer.status_code == 201, explain(answer)
    assert orders(world, phone) == 1
    assert tenant.api.books_balance()["balance"] == dollars(5 - PRICE)


def test_a_number_is_given_back_once(world: World, tenant: Tenant) -> None:
    for provider in ("twilio", "telnyx"):
        number = bought(tenant, provider)
        problem(tenant.api.delete(release(number["id"])), 403, "FORBIDDEN")
        problem(world.tenant().admin.delete(release(number["id"])), 404, "NOT_FOUND")
        done = tenant.admin.delete(release(number["id"]))
        assert done.status_code == 200 and done.json()["number"]["status"] == "released", explain(done)
        assert tenant.admin.delete(release(number["id"])).json()["number"] == done.json()["number"]
        assert at_provider(world, number["phoneNumber"]) is None
        assert number["id"] not in [n["id"] for n in tenant.api.pages("/api/numbers")]
    # Nothing is refunded.
    assert tenant.api.books_balance()["balance"] == dollars(5 - 2 * PRICE)


def test_the_primary_number_stays(world: World, tenant: Tenant) -> None:
    number = bought(tenant, "twilio")
    made = tenant.admin.request("PATCH", f"/api/numbers/{number['id']}", json={"isPrimary": True})
    assert made.status_code == 200, explain(made)
    problem(tenant.admin.delete(release(number["id"])), 409, "PRIMARY_NUMBER_DELETE")
    assert at_provider(world, number["phoneNumber"]) is not None


def test_an_imported_number_stays_where_it_is(world: World, tenant: Tenant) -> None:
    phone = tenant.number("twilio")
    [number] = tenant.api.pages(f"/api/numbers?phoneNumber={phone.replace('+', '%2B')}")
    done = tenant.admin.delete(release(number["id"]))
    assert done.status_code == 200 and done.json()["number"]["status"] == "released", explain(done)
    assert at_provider(world, phone) is not None


def test_a_number_that_is_not_taken_back_is_the_platforms(world: World, tenant: Tenant, faults: Any) -> None:
    number = bought(tenant, "signalwire")
    faults("numbers.release", "error", provider="signalwire", code=22121, status=409, message="purchased too recently")
    done = tenant.admin.delete(release(number["id"]))
    assert done.status_code == 200 and done.json()["number"]["status"] == "released", explain(done)
    assert at_provider(world, number["phoneNumber"]) is not None
    listed = world.admin.post("/api/provider-management", {"action": "list_numbers", "provider_id": "platform-signalwire", "limit": 100})
    assert number["phoneNumber"] in listed.text, explain(listed)
