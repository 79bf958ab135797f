"""Whatever arrives twice, late, or out of order happens once."""

from __future__ import annotations

import itertools
import random
import secrets
from collections import Counter
from decimal import Decimal

from world import SMS_PRICE, Simulator, Tenant, World, at_once, contact, dollars, eventually, explain, problem, summary, words

ORDER = ["accepted", "queued", "sending", "sent", "failed", "undelivered", "delivered"]


def test_200_texts_delivered_three_times_in_any_order_are_200_messages(world: World, tenant: Tenant) -> None:
    numbers = {provider: tenant.number(provider) for provider in ("twilio", "signalwire")}
    phones = [contact() for _ in range(40)]
    texts = []
    for position in range(200):
        provider = ("twilio", "signalwire")[position % 2]
        texts.append((provider, world.signer.inbound(provider, phones[position % 40], numbers[provider], words(str(position)))))
    deliveries = texts * 3
    random.shuffle(deliveries)
    at_once((lambda text=text: world.deliver(*text) for text in deliveries), workers=8)

    def counted() -> bool:
        conversations = tenant.api.pages("/api/conversations")
        assert sum(item["messageCount"] for item in conversations) == 200, len(conversations)
        return True

    eventually(counted, 60)
    expected = Counter(phones[position % 40] for position in range(200))
    for conversation in tenant.api.pages("/api/conversations", 7):
        counts = (conversation["messageCount"], conversation["unreadCount"])
        assert counts == (expected[conversation["contact"]],) * 2, conversation
    messages = tenant.api.pages("/api/messages")
    assert sorted(m["providerSid"] for m in messages) == sorted(params["MessageSid"] for _, params in texts)
    assert {m["body"] for m in messages} == {params["Body"] for _, params in texts}
    # Again, after all has been projected: still nothing moves.
    at_once((lambda text=text: world.deliver(*text) for text in random.sample(texts, 20)), workers=8)
    assert len(tenant.api.pages("/api/messages")) == 200
    assert all(c["unreadCount"] == c["messageCount"] for c in tenant.api.pages("/api/conversations"))


def test_deliveries_that_race_each_other_store_one_message(world: World, tenant: Tenant, sim: Simulator, provider: str) -> None:
    number, phone = tenant.number(provider), contact()
    received = sim.text(phone, number, words(), repeat=8, concurrent=True)
    assert len(received["callbacks"]) == 8
    [message] = tenant.api.received(phone)
    assert message["providerSid"] == received["sid"]
    sim.redeliver(received["callbacks"][0])
    tenant.api.received(phone)
    assert tenant.api.conversation(phone)["unreadCount"] == 1


def test_marking_read_counts_only_what_comes_after(tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    first = sim.text(phone, number, words())
    tenant.api.received(phone)
    path = f"/api/conversations/%2B{phone[1:]}/read"
    assert tenant.api.post(path).json()["conversation"]["unreadCount"] == 0
    assert tenant.api.post(path).json()["conversation"]["unreadCount"] == 0
    sim.redeliver(first["callbacks"][0])
    sim.text(phone, number, words())

    def one_unread() -> bool:
        conversation = tenant.api.conversation(phone)
        assert (conversation["messageCount"], conversation["unreadCount"]) == (2, 1), conversation
        return True

    eventually(one_unread)


def orders() -> list[list[tuple[str, str | None]]]:
    """At least 60 different orders of one message's callbacks, some of them with repetitions."""
    chosen: list[list[tuple[str, str | None]]] = []
    for order in itertools.permutations([("queued", None), ("sending", None), ("sent", None), ("delivered", None)]):
        chosen.append(list(order))
    bad = ("undelivered", "30003")
    for order in itertools.permutations([("sending", None), ("sent", None), bad]):
        chosen += [list(order), [*order, order[0]], [order[0], *order, order[1]]]
    for order in itertools.permutations([("sent", None), bad, ("delivered", None)]):
        chosen += [list(order), [*order, *order[::-1]]]
    for order in itertools.permutations([("sent", None), ("failed", "30005")]):
        chosen += [list(order), [order[0], order[0], order[1]], [*order, *order]]
    for order in itertools.permutations([("accepted", None), ("failed", "30005"), ("delivered", None)]):
        chosen.append(list(order))
    for n in (3, 5, 8):
        chosen.append(random.choices([("accepted", None), ("queued", None), ("sending", None), ("sent", None), bad], k=n))
    return chosen


def test_any_order_of_callbacks_ends_in_the_same_state(world: World, tenant: Tenant, sim: Simulator) -> None:
    numbers = {provider: tenant.number(provider) for provider in ("twilio", "signalwire")}
    tenant.deposit("5")
    cases = [(provider, order) for provider in numbers for order in orders()]
    assert len({str(order) for _, order in cases}) >= 60
    cases = [case for position, case in enumerate(cases) if case[0] == "twilio" or position % 3 == 0]
    phones = [contact() for _ in cases]
    for phone in phones:
        sim.script(phone, outcome="queued")  # The simulator itself reports nothing.
    sent = at_once(
        (lambda p=p, c=c: tenant.api.send(to=p, message=words(), **{"from": numbers[c[0]]}) for p, c in zip(phones, cases)),
    )

    def all_at_the_provider() -> bool:
        created = {m["to"] for m in sim.call("GET", "/messages")["messages"]}
        assert not set(phones) - created, len(set(phones) - created)
        return True

    eventually(all_at_the_provider, 90)

    def play(position: int) -> None:
        (provider, order), phone = cases[position], phones[position]
        [at_provider] = sim.messages_to(phone)
        url = world.callback_url(phone)
        for status, error in order:
            params = world.signer.report(provider, at_provider["sid"], numbers[provider], phone, status, error)
            world.report(provider, url, params)

    at_once((lambda n=n: play(n) for n in range(len(cases))))
    spent = 0
    for (provider, order), message in zip(cases, sent):
        final, error = max([*order, ("queued", None)], key=lambda report: ORDER.index(report[0]))

        def ended(id: str = message["id"], final: str = final, error: str | None = error, order: list = order) -> bool:
            found = tenant.api.message(id)
            [attempt] = found["attempts"]
            state = (found["status"], found["errorCode"], attempt["status"], attempt["errorCode"])
            # While nothing is reported, the provider's first answer counts, and ours that it is being sent.
            wanted = {final} if ORDER.index(final) > 2 else {"queued", "sending"}
            assert found["status"] in wanted and attempt["status"] in wanted, (order, summary(found))
            assert state[1] == state[3] == error, (order, summary(found))
            assert (found["deliveredAt"] is not None) == (final == "delivered"), (order, summary(found))
            return True

        eventually(ended, 40)
        spent += final in ("sent", "undelivered", "delivered")
        if final in ("accepted", "queued", "sending"):  # End what was left open.
            [at_provider] = sim.messages_to(message["to"])
            params = world.signer.report(provider, at_provider["sid"], numbers[provider], message["to"], "delivered")
            world.report(provider, world.callback_url(message["to"]), params)
            tenant.api.settled(message["id"])
            spent += 1

    def paid() -> bool:
        wallet = tenant.api.books_balance()
        assert wallet["held"] == 0, wallet
        # What was taken for a `sent` is paid back when the message turns out to have failed.
        taken: dict[str, Decimal] = {}
        for entry in tenant.api.ledger():
            if entry["resource"]:
                taken[entry["resource"]] = round(taken.get(entry["resource"], Decimal(0)) - dollars(entry["amount"]), 6)
        assert set(taken.values()) <= {0, SMS_PRICE}, "something was paid twice"
        assert sum(amount > 0 for amount in taken.values()) == spent, (wallet, spent)
        assert round(wallet["balance"], 6) == round(5 - SMS_PRICE * spent, 6), (wallet, spent)
        return True

    eventually(paid, 30)


def test_callbacks_that_race_each_other_end_in_one_state(world: World, tenant: Tenant, sim: Simulator, provider: str) -> None:
    number, phone = tenant.number(provider), contact()
    tenant.deposit("1")
    sim.script(phone, outcome="queued")
    sent = tenant.api.send(to=phone, message=words(), **{"from": number})
    [at_provider] = eventually(lambda: sim.messages_to(phone))
    url = world.callback_url(phone)
    reports = ["queued", "sending", "sent", "delivered", "undelivered", "delivered", "sent", "sending"] * 2
    random.shuffle(reports)
    make = world.signer.report
    at_once(
        lambda status=status: world.report(provider, url, make(provider, at_provider["sid"], number, phone, status))
        for status in reports
    )
    tenant.api.settled(sent["id"])
    captures = [entry for entry in tenant.api.ledger() if entry["type"] == "capture"]
    assert len(captures) == 1, captures
    tenant.api.books_balance()


def test_a_callback_of_another_message_or_account_moves_nothing(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("twilio"), contact()
    tenant.deposit("1")
    sim.script(phone, outcome="queued")
    sent = tenant.api.send(to=phone, message=words(), **{"from": number})
    [at_provider] = eventually(lambda: sim.messages_to(phone))
    url = world.callback_url(phone).split("#")[0]
    # SignalWire's account may sign whatever it likes: the message is Twilio's.
    foreign = url.replace("/webhooks/twilio/", "/webhooks/signalwire/")
    sid = world.signer.new_sid("signalwire")
    world.report("signalwire", foreign, world.signer.report("signalwire", sid, number, phone, "failed", "30008"))
    for opaque in ("", "AAAA", "%00", "x" * 300):
        stray = f"{url.split('?')[0]}?m={opaque}"
        world.report("twilio", stray, world.signer.report("twilio", at_provider["sid"], number, phone, "failed", "30008"))
    world.report("twilio", url, world.signer.report("twilio", at_provider["sid"], number, phone, "delivered"))
    assert tenant.api.settled(sent["id"])["errorCode"] is None


def test_one_key_sends_once_however_many_ask(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone, key = tenant.number("twilio"), contact(), "key " + secrets.token_hex(8)
    tenant.deposit("1")
    body = {"to": phone, "message": words(), "from": number}
    answers = at_once(
        (lambda: tenant.api.post("/api/sms/send", body, headers={"Idempotency-Key": key}) for _ in range(12)), workers=12
    )
    assert [answer.status_code for answer in answers] == [202] * 12, [answer.text[:200] for answer in answers]
    [id] = {answer.json()["message"]["id"] for answer in answers}
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert Counter(replayed) == {"true": 11, None: 1}, replayed
    tenant.api.settled(id)
    assert len(sim.messages_to(phone)) == len(sim.creates_to(phone)) == 1
    later = tenant.api.post("/api/sms/send", body, headers={"Idempotency-Key": key})
    assert (later.json()["message"]["id"], later.json()["message"]["status"]) == (id, "delivered"), explain(later)
    assert later.headers["Idempotency-Replayed"] == "true"
    # The order of members does not matter, what they say does.
    other_way = dict(reversed(body.items()))
    again = tenant.api.post("/api/sms/send", other_way, headers={"Idempotency-Key": key})
    assert again.json()["message"]["id"] == id and again.headers["Idempotency-Replayed"] == "true", explain(again)
    changed = tenant.api.post("/api/sms/send", {**body, "message": words()}, headers={"Idempotency-Key": key})
    problem(changed, 422, "IDEMPOTENCY_MISMATCH")
    assert len(sim.creates_to(phone)) == 1
    assert tenant.api.books_balance()["balance"] == 1 - SMS_PRICE


def test_keys_of_two_tenants_have_nothing_to_do_with_each_other(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, key, phones = tenant.number("signalwire"), secrets.token_hex(8), [contact(), contact()]
    tenant.deposit("1")
    first = tenant.api.send(to=phones[0], message=words(), key=key, **{"from": number})
    second = world.user.send(to=phones[1], message=words(), key=key)
    assert first["id"] != second["id"]
    tenant.api.settled(first["id"])
    world.user.settled(second["id"])
    assert [len(sim.messages_to(phone)) for phone in phones] == [1, 1]


def test_a_key_that_was_refused_is_free_again(tenant: Tenant) -> None:
    number, key = tenant.number("twilio"), secrets.token_hex(8)
    body = {"to": contact(), "message": words(), "from": number}
    headers = {"Idempotency-Key": key}
    problem(tenant.api.post("/api/sms/send", body, headers=headers), 402, "INSUFFICIENT_BALANCE")
    tenant.deposit("1")
    answer = tenant.api.post("/api/sms/send", body, headers=headers)
    assert answer.status_code == 202 and "Idempotency-Replayed" not in answer.headers, explain(answer)
    tenant.api.settled(answer.json()["message"]["id"])


def test_keys_have_bounds(world: World) -> None:
    body = {"to": contact(), "message": words()}
    for key in ("x" * 256, "", "schlüssel".encode(), "a\tb"):
        answer = world.user.post("/api/sms/send", body, headers={"Idempotency-Key": key})
        problem(answer, 400, "VALIDATION_FAILED", "Idempotency-Key")
