"""Numbers for sale: all providers at once, with our prices, and whatever goes wrong at one of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from test_providers import Accounts

from world import Api, Tenant, World, at_once, explain, problem

SEARCH = "/api/numbers/search"
LOCAL = {"countryCode": "US", "numberType": "local"}


def found(api: Api, **asked: Any) -> dict[str, Any]:
    answer = api.post(SEARCH, {**LOCAL, **asked})
    assert answer.status_code == 200, explain(answer)
    body = answer.json()
    numbers = body["numbers"]
    phones = [number["phoneNumber"] for number in numbers]
    assert len(phones) == len(set(phones)) <= asked.get("limit", 25)
    grouped = [number for name, list in body["byProvider"].items() for number in list if number["provider"] == name]
    assert sorted(phones) == sorted(number["phoneNumber"] for number in grouped), body
    assert not set(body["byProvider"]) & {entry["provider"] for entry in body["unavailable"]}, body
    return body


def phones(answer: dict[str, Any]) -> list[str]:
    return [number["phoneNumber"] for number in answer["numbers"]]


def failed(answer: dict[str, Any]) -> dict[str, str]:
    return {entry["provider"]: entry["code"] for entry in answer["unavailable"]}


@contextlib.contextmanager
def fault(world: World, provider: str, kind: str, **params: Any) -> Iterator[None]:
    match = {"account": world.signer.accounts[provider]}
    body = {"provider": provider, "operation": "numbers.search", "kind": kind, "times": 0, "match": match, "params": params}
    id = world.sim.call("POST", "/faults", body)["id"]
    try:
        yield
    finally:
        world.sim.unfault(id)


@pytest.fixture
def accounts(world: World, tenant: Tenant) -> Accounts:
    return Accounts(world, tenant)


def test_all_providers_answer_in_turn_with_our_price(user: Api) -> None:
    answer = found(user, areaCode="415", limit=9)
    assert failed(answer) == {}
    assert {name: len(list) for name, list in answer["byProvider"].items()} == {"twilio": 3, "signalwire": 3, "telnyx": 3}
    turns = [number["provider"] for number in answer["numbers"]]
    assert turns == turns[:3] * 3 and len(set(turns[:3])) == 3, turns
    for number in answer["numbers"]:
        assert number["phoneNumber"].startswith("+1415"), number
        assert (number["monthlyCost"], number["currency"], number["charged"]) == (1.5, "USD", True), number
        assert number["providerAccountId"] == f"platform-{number['provider']}"
        assert number["capabilities"]["voice"] is True and number["addressRequired"] is False
    twilio = answer["byProvider"]["twilio"][0]
    assert (twilio["locality"], twilio["region"]) == ("San Francisco", "CA")


@pytest.mark.parametrize(
    ("asked", "form", "price"),
    [
        ({"areaCode": "615"}, r"\+1615\d{7}", 1.5),
        ({"countryCode": "CA", "areaCode": "604"}, r"\+1604\d{7}", 1.5),
        ({"countryCode": "ca"}, r"\+1\d{10}", 1.5),
        ({"numberType": "tollFree"}, r"\+18\d{9}", 3),
        ({"numberType": "toll_free", "areaCode": "888"}, r"\+1888\d{7}", 3),
        ({"countryCode": "GB"}, r"\+44\d{10}", 2.25),
        ({"countryCode": "GB", "areaCode": "20"}, r"\+4420\d{8}", 2.25),
        ({"countryCode": "GB", "numberType": "mobile"}, r"\+447\d{9}", 3),
        ({"countryCode": "AU"}, r"\+61\d{9}", 2.5),
        ({"areaCode": "212", "contains": "5550"}, r"\+1212.*5550.*", 1.5),
        ({"contains": "312555**11"}, r"\+1312555..11", 1.5),
        ({"areaCode": "512", "contains": "JJJ"}, r"\+1512.*555.*", 1.5),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_what_is_found(user: Api, asked: dict[str, Any], form: str, price: float) -> None:
    answer = found(user, **asked)
    assert answer["numbers"], answer
    for number in answer["numbers"]:
        assert re.fullmatch(form, number["phoneNumber"]), number
        assert number["monthlyCost"] == price, number


def test_an_address_is_asked_for_where_the_provider_says_so(user: Api) -> None:
    answer = found(user, countryCode="AU", provider="twilio")
    assert answer["numbers"] and all(number["addressRequired"] for number in answer["numbers"])


def test_what_a_number_carries_can_be_demanded(user: Api) -> None:
    assert found(user, numberType="tollFree", capabilities=["voice", "sms"])["numbers"]
    # Neither sells toll-free MMS; SignalWire takes the filter and ignores it.
    answer = found(user, numberType="tollFree", capabilities=["mms"])
    assert {number["provider"] for number in answer["numbers"]} <= {"telnyx"}
    for number in answer["numbers"]:
        assert number["capabilities"]["mms"] is True
    texting = found(user, countryCode="GB", capabilities=["sms"])
    assert {number["provider"] for number in texting["numbers"]} == {"twilio"}


def test_nothing_is_found_where_nothing_is(user: Api) -> None:
    for asked in ({"areaCode": "229"}, {"contains": "999999"}, {"countryCode": "IN"}, {"countryCode": "GB", "areaCode": "161"}):
        answer = found(user, **asked)
        assert answer["numbers"] == [] and failed(answer) == {}, (asked, answer)
        assert set(answer["byProvider"]) == {"twilio", "signalwire", "telnyx"}


def test_one_provider_has_no_mobile_numbers(user: Api) -> None:
    answer = found(user, countryCode="GB", numberType="mobile")
    assert failed(answer) == {"signalwire": "CAPABILITY_MISSING"}
    assert set(answer["byProvider"]) == {"twilio", "telnyx"}


@pytest.mark.parametrize(
    ("provider", "kind", "code"),
    [("twilio", "status_5xx", "PROVIDER_UNAVAILABLE"), ("signalwire", "reset", "PROVIDER_UNAVAILABLE"),
     ("telnyx", "drop_before", "PROVIDER_UNAVAILABLE"), ("telnyx", "status_429", "PROVIDER_UNAVAILABLE"),
     ("twilio", "garbage_200", "PROVIDER_REJECTED")],
)  # fmt: skip
def test_one_that_is_down_does_not_fail_the_others(world: World, user: Api, provider: str, kind: str, code: str) -> None:
    with fault(world, provider, kind):
        answer = found(user, areaCode="415")
        assert failed(answer) == {provider: code}, answer
        others = {"twilio", "signalwire", "telnyx"} - {provider}
        assert set(answer["byProvider"]) == others and all(answer["byProvider"][other] for other in others)
        alone = found(user, areaCode="415", provider=provider)
        assert (alone["numbers"], failed(alone)) == ([], {provider: code})
    assert failed(found(user, areaCode="415")) == {}


def test_one_that_hangs_holds_nobody_up(world: World, user: Api) -> None:
    """The gateway would give up after 30 seconds; one provider's time is not another's."""
    with fault(world, "twilio", "delay", seconds=60), fault(world, "signalwire", "delay", seconds=60):
        answer = found(user, areaCode="415")
    assert failed(answer) == {"twilio": "PROVIDER_UNAVAILABLE", "signalwire": "PROVIDER_UNAVAILABLE"}
    assert answer["byProvider"]["telnyx"]


def test_many_at_once(user: Api) -> None:
    answers = at_once([lambda area=area: found(user, areaCode=area) for area in ["415", "615", "212", "312"] * 4])
    assert all(answer["numbers"] and failed(answer) == {} for answer in answers)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"countryCode": None}, "countryCode"), ({"countryCode": "USA"}, "countryCode"), ({"countryCode": "U1"}, "countryCode"),
        ({"countryCode": 1}, "countryCode"), ({"countryCode": "DE"}, "countryCode"), ({"countryCode": "ZZ"}, "countryCode"),
        ({"numberType": "vanity"}, "numberType"), ({"numberType": None}, "numberType"), ({"countryCode": "IN", "numberType": "mobile"}, "numberType"),
        ({"areaCode": "41"}, "areaCode"), ({"areaCode": "4155"}, "areaCode"), ({"areaCode": "015"}, "areaCode"), ({"areaCode": "4a5"}, "areaCode"),
        ({"areaCode": 415}, "areaCode"), ({"countryCode": "GB", "areaCode": "207946"}, "areaCode"),
        ({"contains": "5"}, "contains"), ({"contains": "*" * 4}, "contains"), ({"contains": "5" * 17}, "contains"),
        ({"contains": "55&AreaCode=212"}, "contains"), ({"contains": "+1415"}, "contains"),
        ({"capabilities": []}, "capabilities"), ({"capabilities": ["fax"]}, "capabilities[0]"), ({"capabilities": "sms"}, "capabilities"),
        ({"provider": "pigeon"}, "provider"), ({"provider": "telnyx", "providerAccountId": "platform-twilio"}, "provider"),
        ({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"limit": "9"}, "limit"), ({"limit": 1.5}, "limit"), ({"limit": -1}, "limit"),
        ({"locality": "Hilo"}, "locality"), ({"tenantId": "rival"}, "tenantId"),
    ],
)  # fmt: skip
def test_bad_input_names_the_member(user: Api, changes: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {**LOCAL, **changes}.items() if value is not None}
    problem(user.post(SEARCH, body), 400, "VALIDATION_FAILED", field)


def test_a_provider_that_sells_no_numbers(user: Api) -> None:
    problem(user.post(SEARCH, {**LOCAL, "provider": "retell"}), 422, "CAPABILITY_MISSING", "provider")


def test_accounts_of_ones_own_come_at_the_providers_price(world: World, accounts: Accounts) -> None:
    id = accounts.add(priority=1)
    api = accounts.tenant.api
    answer = found(api, areaCode="415", limit=6)
    assert {number["providerAccountId"] for number in answer["byProvider"]["twilio"]} == {id}
    for number in answer["byProvider"]["twilio"]:
        assert (number["charged"], number["monthlyCost"], number["currency"]) == (False, None, None), number
    for number in answer["byProvider"]["signalwire"]:
        assert (number["charged"], number["monthlyCost"]) == (True, 1.5), number
    [named] = found(api, providerAccountId="platform-twilio", limit=1)["numbers"]
    assert (named["providerAccountId"], named["charged"]) == ("platform-twilio", True)
    # What nothing is charged for needs no price.
    german = {"countryCode": "DE", "numberType": "local"}
    assert set(found(api, **german)["byProvider"]) == {"twilio"}
    problem(world.user.post(SEARCH, german), 400, "VALIDATION_FAILED", "countryCode")
    # Another tenant's account is nobody's.
    for other in (id, "twilio-none"):
        problem(world.user.post(SEARCH, {**LOCAL, "providerAccountId": other}), 422, "PROVIDER_NOT_FOUND", "providerAccountId")
    # Switched off, it is as if it were not there, unless it is asked for by name.
    accounts.good("update_provider", provider_id=id, config={"active": False})
    assert {number["providerAccountId"] for number in found(api, provider="twilio")["numbers"]} == {"platform-twilio"}
    named_off = requests.post(
        world.url + SEARCH, json={**LOCAL, "providerAccountId": id}, headers={"Authorization": f"Bearer {accounts.api.token}"}, timeout=40
    )
    problem(named_off, 503, "TWILIO_NOT_CONFIGURED")
    assert int(named_off.headers["retry-after"]) >= 1


def test_a_wrong_key_is_the_providers_refusal(accounts: Accounts) -> None:
    id = accounts.add(auth_token="0" * 32)
    assert failed(found(accounts.tenant.api, providerAccountId=id)) == {"twilio": "PROVIDER_REJECTED"}


def test_a_token_is_needed(world: World) -> None:
    assert world.nobody.post(SEARCH, LOCAL).status_code == 401
