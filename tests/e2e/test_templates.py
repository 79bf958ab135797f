"""Stored texts: filled in, sent, and used to answer once and no more."""

from __future__ import annotations

import secrets

from world import Api, Simulator, Tenant, World, contact, eventually, explain, problem, throughout, words


def name() -> str:
    return "t-" + secrets.token_hex(5)


def test_a_template_lives_from_post_to_delete(world: World, user: Api) -> None:
    id, body = name(), words("Hi {{name}}, {{ day }}?")
    made = world.admin.post("/api/templates", {"id": id, "body": body, "optOutLine": True})
    assert made.status_code == 201, explain(made)
    template = made.json()["template"]
    expected = {"id": id, "body": body, "variables": ["name", "day"], "optOutLine": True}
    assert {member: template[member] for member in expected} == expected
    assert user.get(f"/api/templates/{id}").json()["template"] == template
    assert template in user.pages("/api/templates")
    problem(world.admin.post("/api/templates", {"id": id, "body": "x"}), 400, "VALIDATION_FAILED", "id")
    assert user.get(f"/api/templates/{id}").json()["template"] == template

    changed = world.admin.put(f"/api/templates/{id}", {"body": words()})
    assert changed.status_code == 200, explain(changed)
    assert changed.json()["template"]["createdAt"] == template["createdAt"]
    assert (changed.json()["template"]["variables"], changed.json()["template"]["optOutLine"]) == ([], False)
    assert world.admin.delete(f"/api/templates/{id}").json() == {"success": True}
    problem(user.get(f"/api/templates/{id}"), 404, "NOT_FOUND")
    problem(world.admin.delete(f"/api/templates/{id}"), 404, "NOT_FOUND")


def test_what_is_previewed_is_what_is_sent_and_paid(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone, id = tenant.number("twilio"), contact(), name()
    tenant.deposit("1")
    body = words("Hallo {{name}} 😀") + " x" * 60
    assert tenant.admin.post("/api/templates", {"id": id, "body": body, "optOutLine": True}).status_code == 201
    filled = {"templateId": id, "variables": {"name": "{{name}} Zoë", "unused": "x"}}
    preview = tenant.api.post("/api/messages/preview", {"to": phone, **filled}).json()["preview"]
    text = body.replace("{{name}}", "{{name}} Zoë") + "\nReply STOP to opt out."
    assert (preview["body"], preview["encoding"], preview["characters"]) == (text, "UCS-2", len(text))
    assert preview["segments"] > 1 and preview["price"]["charged"] is None

    sent = tenant.api.send(to=phone, **filled, **{"from": number})
    assert (sent["segments"], sent["price"]["estimate"]) == (preview["segments"], preview["price"]["estimate"])
    message = tenant.api.settled(sent["id"])
    assert message["body"] == text and sim.messages_to(phone)[0]["body"] == text
    assert message["price"]["charged"] == preview["price"]["estimate"]


def test_every_missing_variable_is_named(world: World, user: Api) -> None:
    id = name()
    assert world.admin.post("/api/templates", {"id": id, "body": "{{a}} {{b.c}} {{d}}"}).status_code == 201
    for path, more in (("/api/sms/send", {"to": contact()}), ("/api/messages/preview", {})):
        body = problem(user.post(path, {**more, "templateId": id, "variables": {"d": "x"}}), 400, "VALIDATION_FAILED")
        assert [error["field"] for error in body["errors"]] == ["variables.a", "variables.b.c"], body
    long = {"a": "x" * 1600, "b.c": "", "d": ""}
    problem(user.post("/api/sms/send", {"to": contact(), "templateId": id, "variables": long}), 400, "VALIDATION_FAILED", "templateId")


def test_an_opt_out_line_is_not_added_twice(world: World, user: Api) -> None:
    id = name()
    body = {"id": id, "body": "Sale! Reply STOP to end.", "optOutLine": True}
    assert world.admin.post("/api/templates", body).status_code == 201
    assert user.post("/api/messages/preview", {"templateId": id}).json()["preview"]["body"] == body["body"]


def outbound(api: Api, phone: str) -> list[dict]:
    return [text for text in api.texts_with(phone) if text["direction"] == "outbound"]


def test_a_number_answers_by_itself_once(world: World, tenant: Tenant, sim: Simulator, provider: str) -> None:
    id, phone, body = name(), contact(), words("We are closed, {{from}}.")
    assert tenant.admin.post("/api/templates", {"id": id, "body": body}).status_code == 201
    number = tenant.number(provider, auto_answer=id)
    tenant.deposit("1")
    sim.text(phone, number, words(), repeat=3)
    expected = body.replace("{{from}}", phone)

    def answered() -> bool:
        assert [text["body"] for text in sim.inbox(phone)] == [expected], sim.inbox(phone)
        return True

    eventually(answered)
    sim.text(phone, number, words("hello? hello?"))
    tenant.api.received(phone, 2)
    throughout(answered, 4)
    [answer] = outbound(tenant.api, phone)
    assert tenant.api.settled(answer["id"])["from"] == number
    assert tenant.api.books_balance()["held"] == 0


def test_two_numbers_that_answer_by_themselves_do_not_talk_to_each_other(world: World, tenant: Tenant, sim: Simulator) -> None:
    id = name()
    assert tenant.admin.post("/api/templates", {"id": id, "body": words("automatic")}).status_code == 201
    one, two = tenant.number("twilio", auto_answer=id), tenant.number("signalwire", auto_answer=id)
    third = tenant.number("twilio", auto_answer=id)
    tenant.deposit("1")
    # Twilio's number texts another one of Twilio's: both are the tenant's own.
    sent = tenant.api.send(to=third, message=words(), **{"from": one})
    tenant.api.settled(sent["id"])
    tenant.api.received(one)

    def quiet() -> None:
        assert len(tenant.api.pages("/api/messages")) == 2, [m["body"] for m in tenant.api.pages("/api/messages")]

    throughout(quiet, 4)
    # Numbers of two tenants, each answering: at most one answer each.
    other = world.tenant()
    assert other.admin.post("/api/templates", {"id": id, "body": words("automatic, too")}).status_code == 201
    stranger = other.number("signalwire", auto_answer=id)
    other.deposit("1")
    sent = tenant.api.send(to=stranger, message=words(), **{"from": two})
    tenant.api.settled(sent["id"])
    other.api.received(two)
    eventually(lambda: len(other.api.pages("/api/messages")) >= 2)

    def bounded() -> None:
        counts = len(other.api.pages("/api/messages")), len(tenant.api.pages("/api/messages"))
        assert counts[0] <= 4 and counts[1] <= 6, counts

    throughout(bounded, 6)


def test_a_stop_is_not_answered_by_the_template(world: World, tenant: Tenant, sim: Simulator) -> None:
    id, phone = name(), contact()
    assert tenant.admin.post("/api/templates", {"id": id, "body": words("automatic")}).status_code == 201
    assert tenant.admin.post("/api/templates", {"id": "stop-confirmation", "body": words("Our own words.")}).status_code == 201
    number = tenant.number("signalwire", auto_answer=id)
    sim.text(phone, number, "STOP")
    eventually(lambda: len(sim.inbox(phone)) == 1)
    throughout(lambda: [0][len(sim.inbox(phone)) - 1], 2)
    assert sim.inbox(phone)[0]["body"].startswith("Our own words."), sim.inbox(phone)
