"""The inventory of numbers: what is listed, assigned, made primary, and entered by hand."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from world import Tenant, World, at_once, contact, explain, problem, words


@pytest.fixture(scope="module")
def tenant(world: World) -> Tenant:
    return world.tenant()


def numbers(tenant: Tenant, query: str = "") -> list[dict[str, Any]]:
    return tenant.api.pages(f"/api/numbers{query}")


def one(tenant: Tenant, phone: str) -> dict[str, Any]:
    [number] = numbers(tenant, f"?phoneNumber={phone.replace('+', '%2B')}")
    return number


def patched(tenant: Tenant, number: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    answer = tenant.admin.request("PATCH", f"/api/numbers/{number['id']}", json=body)
    assert answer.status_code == 200, explain(answer)
    assert tenant.api.get(f"/api/numbers/{number['id']}").json()["number"] == answer.json()["number"]
    return answer.json()["number"]


def test_a_number_says_who_carries_it_and_where_its_events_go(world: World, tenant: Tenant) -> None:
    phone = tenant.number("twilio")
    number = one(tenant, phone)
    assert (number["phoneNumber"], number["status"], number["managed"]) == (phone, "active", False)
    assert number["messaging"]["providerAccountId"] == number["voice"]["providerAccountId"] == "platform-twilio"
    assert number["smsUrl"] == world.url + "/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt"
    assert number["routes"] == [] and number["monthlyCost"] is None
    assert number in numbers(tenant) and number in numbers(tenant, "?provider=twilio&status=active")
    assert number not in numbers(tenant, "?provider=telnyx") + numbers(tenant, "?status=released")


def test_an_assignment_decides_whose_texts_they_are(world: World, tenant: Tenant) -> None:
    phone, person = tenant.number("signalwire"), contact()
    number = one(tenant, phone)
    changed = patched(tenant, number, {"userId": "u-7", "businessId": "b-7", "displayName": "Front desk", "notes": "behind the bar"})
    assert (changed["userId"], changed["businessId"], changed["notes"]) == ("u-7", "b-7", "behind the bar")
    assert [n["id"] for n in numbers(tenant, "?userId=u-7")] == [n["id"] for n in numbers(tenant, "?businessId=b-7")] == [number["id"]]
    world.sim.text(person, phone, words())
    [text] = tenant.api.received(person)
    assert text["userId"] == "u-7"
    cleared = patched(tenant, number, {"userId": None, "businessId": None, "notes": None})
    assert (cleared["userId"], cleared["businessId"], cleared["notes"], cleared["displayName"]) == (None, None, None, "Front desk")


def test_what_is_wrong_is_named(world: World, tenant: Tenant) -> None:
    number = one(tenant, tenant.number("twilio"))
    path = f"/api/numbers/{number['id']}"
    for body, field in (
        ({}, "body"),
        ({"routes": []}, "routes"),
        ({"isPrimary": "yes"}, "isPrimary"),
        ({"isActive": None}, "isActive"),
        ({"displayName": ""}, "displayName"),
        ({"userId": "a b"}, "userId"),
    ):
        problem(tenant.admin.request("PATCH", path, json=body), 400, "VALIDATION_FAILED", field)
    problem(tenant.admin.request("PATCH", path, json={"agentId": "nobody"}), 422, "AGENT_NOT_FOUND", "agentId")
    problem(tenant.api.request("PATCH", path, json={"notes": "x"}), 403, "FORBIDDEN")
    for query, field in (("status=gone", "status"), ("provider=vonage", "provider"), ("colour=red", "colour")):
        problem(tenant.api.get(f"/api/numbers?{query}"), 400, "VALIDATION_FAILED", field)
    problem(tenant.api.get("/api/numbers?phoneNumber=nobody"), 400, "INVALID_NUMBER", "phoneNumber")
    assert one(tenant, number["phoneNumber"]) == number


def test_a_business_has_one_primary_number_and_it_sends(world: World) -> None:
    tenant = world.tenant()
    tenant.deposit("1")
    owned = [one(tenant, tenant.number("twilio")) for _ in range(3)]
    answers = at_once([lambda n=n: tenant.admin.request("PATCH", f"/api/numbers/{n['id']}", json={"isPrimary": True}) for n in owned])
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len([n for n in numbers(tenant) if n["isPrimary"]]) == 1
    for number in owned:
        patched(tenant, number, {"isPrimary": True})
        assert [n["id"] for n in numbers(tenant) if n["isPrimary"]] == [number["id"]]
    # Far from all of them, the primary one speaks.
    sent = tenant.api.send(to="+442079460018", message=words())
    assert sent["from"] == owned[-1]["phoneNumber"]
    patched(tenant, owned[-1], {"isActive": False})
    answer = tenant.api.post("/api/sms/send", {"to": contact(), "message": words(), "from": owned[-1]["phoneNumber"]})
    problem(answer, 422, "NO_PROVIDER_FOR_NUMBER")


def test_an_agent_gets_the_texts_of_its_number(world: World, tenant: Tenant) -> None:
    agent = "a-" + secrets.token_hex(4)
    made = tenant.admin.put(f"/api/agents/{agent}", {"name": "Desk", "sms": {"url": f"{world.stack['simulator']}/_hooks/{agent}"}})
    assert made.status_code == 200, explain(made)
    number = one(tenant, tenant.number("twilio"))
    assert patched(tenant, number, {"agentId": agent})["agentId"] == agent
    assert [n["id"] for n in numbers(tenant, f"?agentId={agent}")] == [number["id"]]


def test_a_number_that_is_entered_works_once_its_account_proves_it(world: World) -> None:
    tenant, person = world.tenant(), contact()
    phone, sid, token = tenant.fresh_number(), "AC" + secrets.token_hex(16), secrets.token_hex(16)
    world.sim.call("POST", "/accounts", {"provider": "twilio", "sid": sid, "auth_token": token})
    config = {"account_sid": sid, "auth_token": token, "api_base": world.stack["simulator"] + "/twilio"}
    added = tenant.admin.post("/api/provider-management", {"action": "add_provider", "provider_type": "twilio", "config": config})
    account = added.json()["provider"]["id"]
    body = {"phoneNumber": phone, "providerAccountId": account, "displayName": "Old line", "numberType": "vanity"}
    problem(tenant.api.post("/api/numbers", body), 403, "FORBIDDEN")
    problem(tenant.admin.post("/api/numbers", {**body, "providerAccountId": "nobody"}), 422, "PROVIDER_NOT_FOUND", "providerAccountId")
    problem(world.tenant().admin.post("/api/numbers", body), 422, "PROVIDER_NOT_FOUND", "providerAccountId")
    entered = tenant.admin.post("/api/numbers", body)
    assert entered.status_code == 201, explain(entered)
    number = entered.json()["number"]
    assert (number["status"], number["numberType"], number["messaging"]) == ("pending", "vanity", None)
    problem(tenant.admin.post("/api/numbers", body), 409, "NUMBER_UNAVAILABLE", "phoneNumber")
    # It sends nothing before the proof.
    problem(tenant.api.post("/api/sms/send", {"to": person, "message": words(), "from": phone}), 422, "NO_PROVIDER_FOR_NUMBER")
    # The URL to be set by hand is the one that the answer names.
    world.sim.number("twilio", sid, phone, sms_url=number["smsUrl"])
    run = tenant.admin.post("/api/provider-management", {"action": "sync_numbers", "provider_id": account})
    assert run.json()["imported"] == 1, explain(run)
    active = one(tenant, phone)
    assert (active["id"], active["status"], active["numberType"]) == (number["id"], "active", "vanity")
    world.sim.text(person, phone, words())
    tenant.api.received(person)


def test_the_platform_sees_and_assigns_any_tenants_numbers_and_nobody_else_does(world: World, tenant: Tenant) -> None:
    number = one(tenant, tenant.number("twilio"))
    path = f"/api/numbers/{number['id']}?tenantId={tenant.name}"
    assert world.admin.get(path).json()["number"] == number
    answer = world.admin.request("PATCH", path, json={"displayName": "Set by the platform"})
    assert answer.status_code == 200, explain(answer)
    problem(world.user.get(path), 403, "FORBIDDEN")
    problem(world.user.get(f"/api/numbers/{number['id']}"), 404, "NOT_FOUND")
