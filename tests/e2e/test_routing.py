"""The router: who sends, why, and the same again from what was stored."""

from __future__ import annotations

from typing import Any

from world import Tenant, World, contact, explain, problem, words


def explained(tenant: Tenant, **body: Any) -> dict[str, Any]:
    answer = tenant.api.post("/api/route/explain", body)
    assert answer.status_code == 200, explain(answer)
    return answer.json()


def test_a_decision_is_explained_stored_and_replayed(tenant: Tenant) -> None:
    tenant.deposit("5")
    numbers = [tenant.number("twilio", primary=True), tenant.number("signalwire"), tenant.number("telnyx")]
    phone = contact()
    told = explained(tenant, to=phone, capabilities=["sms"])
    assert {candidate["number"] for candidate in told["candidates"]} == set(numbers)
    assert all(candidate["reasons"] for candidate in told["candidates"])
    sent = tenant.api.send(to=phone, message=words())
    assert sent["from"] == told["selected"]["number"] and sent["route"]["reasons"]
    replayed = explained(tenant, messageId=sent["id"])
    assert replayed["replay"]["same"] is True and replayed["selected"]["number"] == sent["from"]
    # The conversation stays with its number.
    sticky = explained(tenant, to=phone)
    assert sticky["selected"]["number"] == sent["from"] and "sticky" in sticky["selected"]["reasons"]


def test_an_override_wins_or_there_is_no_route(tenant: Tenant) -> None:
    tenant.deposit("5")
    tenant.number("twilio", primary=True)
    wanted, phone = tenant.number("telnyx"), contact()
    assert explained(tenant, to=phone, providerOverride="telnyx")["selected"]["number"] == wanted
    assert tenant.api.send(to=phone, message=words(), providerOverride="telnyx")["from"] == wanted
    problem(tenant.api.post("/api/sms/send", {"to": phone, "message": "x", "providerOverride": "signalwire"}), 422, "NO_ROUTE")
    nothing = explained(tenant, to=phone, providerOverride="retell")
    assert nothing["selected"] is None and {entry["reason"] for entry in nothing["excluded"]}


def test_what_cannot_be_done_has_a_reason(tenant: Tenant) -> None:
    number = tenant.number("twilio", no_mms=True)
    told = explained(tenant, to=contact(), capabilities=["mms"])
    assert told["selected"] is None
    [excluded] = [entry for entry in told["excluded"] if entry["number"] == number]
    assert "mms" in excluded["reason"]


def test_an_account_that_is_off_is_not_chosen(world: World, tenant: Tenant) -> None:
    for body, field in (
        ({}, "to"), ({"to": "nobody"}, "to"), ({"to": contact(), "capabilities": ["fly"]}, "capabilities"),
        ({"to": contact(), "providerOverride": "pigeon"}, "providerOverride"), ({"to": contact(), "wings": 2}, "wings"),
    ):  # fmt: skip
        answer = tenant.api.post("/api/route/explain", body)
        assert answer.status_code == 400, explain(answer)
        assert field in answer.text, explain(answer)
