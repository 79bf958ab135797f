"""A text comes in, somebody answers, the answer arrives, and it is paid for."""

from __future__ import annotations

from decimal import Decimal

from world import SMS_PRICE, Api, Simulator, Tenant, World, contact, dollars, eventually, explain, problem, summary, words

MESSAGE = {
    "id", "conversationId", "direction", "provider", "providerAccountId", "providerSid", "from", "to", "body", "status",
    "deliveredAt", "errorCode", "errorMessage", "numMedia", "mediaUrls", "segments", "price", "userId", "leadId", "agentId",
    "attempts", "createdAt", "updatedAt",
}  # fmt: skip
ATTEMPT = {"n", "provider", "providerAccountId", "from", "providerSid", "status", "errorCode"}
SENT = {"id", "status", "provider", "from", "to", "segments", "encoding", "price", "route"}


def test_an_inbound_text_becomes_a_message_in_a_conversation(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, body, number = contact(), words("Grüezi, have you got time? 😀"), world.demo_number[provider]
    received = sim.text(phone, number, body)
    [message] = user.received(phone)

    assert set(message) >= MESSAGE
    expected = {
        "direction": "inbound", "provider": provider, "providerAccountId": f"platform-{provider}",
        "providerSid": received["sid"], "from": phone, "to": number, "body": body, "status": "received",
        "numMedia": 0, "mediaUrls": [], "errorCode": None, "attempts": [],
    }  # fmt: skip
    assert {name: message[name] for name in expected} == expected
    assert user.message(message["id"]) == message

    conversation = user.conversation(phone)
    assert conversation["id"] == message["conversationId"]
    assert conversation["contact"] == phone and conversation["participants"] == [phone]
    assert conversation["ownNumbers"] == [number] and conversation["lastOwnNumber"] == number
    assert (conversation["messageCount"], conversation["unreadCount"]) == (1, 1)
    assert conversation["lastMessage"] == {"id": message["id"], "direction": "inbound", "preview": body[:80]}
    by_id = user.get(f"/api/conversations/{conversation['id']}/messages").json()["items"]
    assert [item["id"] for item in by_id] == [message["id"]]

    answer = user.post(f"/api/conversations/{conversation['id']}/read")
    assert answer.status_code == 200 and answer.json()["conversation"]["unreadCount"] == 0, explain(answer)


def test_the_reply_leaves_by_the_number_that_was_texted(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, number = contact(), world.demo_number[provider]
    sim.text(phone, number, words())
    user.received(phone)
    body = words("Yes, until six.")
    sent = user.send(to=phone, message=body)
    assert set(sent) >= SENT
    assert (sent["status"], sent["provider"], sent["from"], sent["to"]) == ("queued", provider, number, phone)
    assert (sent["segments"], sent["encoding"]) == (1, "GSM-7")
    assert sent["price"] == {"estimate": {"amount": "0.0075", "currency": "USD"}, "charged": None}
    assert sent["route"]["reasons"][0] == "sticky"
    assert sent["route"]["selected"] == {"provider": provider, "providerAccountId": f"platform-{provider}", "number": number}

    message = user.settled(sent["id"])
    assert message["price"]["charged"] == {"amount": "0.0075", "currency": "USD"}
    assert message["deliveredAt"] is not None and message["errorCode"] is None
    [at_provider] = sim.messages_to(phone)
    assert (at_provider["provider"], at_provider["from"], at_provider["body"]) == (provider, number, body)
    assert message["providerSid"] == at_provider["sid"]
    [attempt] = message["attempts"]
    assert set(attempt) >= ATTEMPT
    assert attempt == attempt | {
        "n": 1, "provider": provider, "providerAccountId": f"platform-{provider}", "from": number,
        "providerSid": at_provider["sid"], "status": "delivered", "errorCode": None,
    }  # fmt: skip
    texts = eventually(lambda: [text for text in sim.inbox(phone) if text["kind"] == "message"])
    assert [(text["from"], text["body"]) for text in texts] == [(number, body)]

    def counted() -> bool:
        conversation = user.conversation(phone)
        assert (conversation["messageCount"], conversation["unreadCount"]) == (2, 1), conversation
        assert conversation["lastMessage"]["id"] == sent["id"], conversation
        return True

    eventually(counted)


def test_a_message_is_seen_queued_then_sent_then_delivered(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone = contact()
    for operation, status, seconds in (("messages.create", None, 1.5), ("callbacks.status", "delivered", 5)):
        sim.fault(operation, "delay", match={"to": phone, **({"status": status} if status else {})}, seconds=seconds)
    sent = user.send(to=phone, message=words(), **{"from": world.demo_number[provider]})
    seen = ["queued"]

    def look() -> bool:
        message = user.message(sent["id"])
        if message["status"] != seen[-1]:
            seen.append(message["status"])
        assert message["status"] == "delivered", (seen, summary(message))
        return True

    assert sent["status"] == "queued"
    eventually(look, 40, interval=0.05)
    assert [status for status in seen if status not in ("accepted", "sending")] == ["queued", "sent", "delivered"], seen


def test_money_is_held_then_captured_and_the_ledger_explains_the_balance(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    tenant.deposit("1.5")
    delay = sim.fault("messages.create", "delay", match={"to": phone}, seconds=3)
    sent = tenant.api.send(to=phone, message=words(), **{"from": number})
    assert tenant.api.wallet() == {"balance": Decimal("1.5"), "held": SMS_PRICE, "available": Decimal("1.4925")}
    tenant.api.settled(sent["id"])
    sim.unfault(delay)

    def captured() -> bool:
        assert tenant.api.wallet() == {"balance": Decimal("1.4925"), "held": 0, "available": Decimal("1.4925")}
        return True

    eventually(captured)
    ledger = tenant.api.pages("/api/wallet/transactions", limit=1)
    assert [(entry["type"], dollars(entry["amount"]), dollars(entry["balanceAfter"])) for entry in ledger] == [
        ("capture", -SMS_PRICE, Decimal("1.4925")),
        ("hold", 0, Decimal("1.5")),
        ("deposit", Decimal("1.5"), Decimal("1.5")),
    ]
    assert [entry["resource"] for entry in ledger] == [f"message/{sent['id']}"] * 2 + [None]
    tenant.api.books_balance()


def test_the_books_of_a_tenant_that_everybody_uses_balance(world: World) -> None:
    def balanced() -> bool:
        world.user.books_balance()
        return True

    eventually(balanced, 30)  # Other tests' messages may be under way between the two reads.


def test_national_forms_are_read_and_own_numbers_are_chosen(world: World, user: Api, sim: Simulator) -> None:
    phone = contact()
    spelled = f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    sent = user.send(to=spelled, message=words())
    assert sent["to"] == phone and sent["from"] in world.demo_number.values()
    explained = user.post("/api/route/explain", {"messageId": sent["id"]}).json()
    assert explained["replay"]["same"] is True and explained["selected"]["number"] == sent["from"]
    assert sent["route"]["reasons"] == explained["selected"]["reasons"] != []
    user.settled(sent["id"])

    problem(user.post("/api/sms/send", {"to": contact(), "message": words(), "from": contact()}), 422, "NO_PROVIDER_FOR_NUMBER", "from")
    rival = {"to": contact(), "message": words(), "from": world.rival_number}
    problem(user.post("/api/sms/send", rival), 422, "NO_PROVIDER_FOR_NUMBER", "from")
    demand = {"to": contact(), "message": words(), "from": world.demo_number["twilio"], "providerOverride": "signalwire"}
    problem(user.post("/api/sms/send", demand), 422, "NO_ROUTE", "providerOverride")
    itself = world.demo_number["twilio"]
    problem(user.post("/api/sms/send", {"to": itself, "from": itself, "message": words()}), 400, "VALIDATION_FAILED", "to")


def test_an_inactive_number_receives_and_does_not_send(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("signalwire", inactive=True), contact()
    tenant.deposit("1")
    problem(tenant.api.post("/api/sms/send", {"to": phone, "message": words(), "from": number}), 422, "NO_PROVIDER_FOR_NUMBER", "from")
    problem(tenant.api.post("/api/sms/send", {"to": phone, "message": words()}), 422, "NO_ROUTE")
    sim.text(phone, number, words())
    tenant.api.received(phone)


def test_use_of_the_tenants_own_account_is_not_charged(tenant: Tenant) -> None:
    number = tenant.number("twilio", own_account=True)
    sent = tenant.api.send(to=contact(), message=words(), **{"from": number})
    message = tenant.api.settled(sent["id"])
    assert message["price"]["charged"] == {"amount": "0", "currency": "USD"}, message["price"]
    assert tenant.api.ledger() == []


def test_two_own_numbers_text_each_other(world: World, tenant: Tenant) -> None:
    mine, theirs = tenant.number("twilio"), world.rival_number
    tenant.deposit("1")
    body = words("between us")
    sent = tenant.api.send(to=theirs, message=body, **{"from": mine})
    tenant.api.settled(sent["id"])
    [message] = world.other.received(mine)
    assert (message["from"], message["to"], message["body"]) == (mine, theirs, body)
    assert message["id"] != sent["id"]


def test_lists_page_without_gap_or_repetition(tenant: Tenant, sim: Simulator) -> None:
    number, phones = tenant.number("signalwire"), [contact() for _ in range(7)]
    for phone in phones:
        sim.text(phone, number, words())
    for phone in phones:
        tenant.api.received(phone)
    for path in ("/api/messages", "/api/conversations"):
        for limit in (1, 3, 7, 100):
            items = tenant.api.pages(path, limit)
            ids = [item["id"] for item in items]
            assert len(ids) == len(set(ids)) == 7, (path, limit, ids)
            times = [item.get("createdAt") or item["lastMessageAt"] for item in items]
            assert times == sorted(times, reverse=True), (path, limit)
    filtered = tenant.api.pages(f"/api/conversations?number=%2B{number[1:]}", 2)
    assert {item["contact"] for item in filtered} == set(phones)
    assert tenant.api.pages(f"/api/conversations?number=%2B{phones[0][1:]}") == []
