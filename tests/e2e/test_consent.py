"""STOP blocks every later text, whoever sends it and on whatever way; START takes back a STOP and nothing else."""

from __future__ import annotations

import pytest

from world import PROVIDERS, Api, Simulator, Tenant, World, contact, eventually, explain, problem, throughout, words


def refused(api: Api, phone: str, **more: object) -> None:
    problem(api.post("/api/sms/send", {"to": phone, "message": words(), **more}), 409, "OPTED_OUT", "to")


def opted_out(api: Api, phone: str) -> bool:
    answer = api.get(f"/api/opt-outs/%2B{phone[1:]}")
    return answer.status_code == 200 and answer.json()["optOut"]["optedOut"]


def answers(sim: Simulator, phone: str) -> list[str]:
    """What the phone received from us (and not from the provider by itself)."""
    return [text["body"] for text in sim.inbox(phone) if text["kind"] != "auto_reply"]


def test_stop_is_in_force_at_once_and_start_takes_it_back(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, number = contact(), world.demo_number[provider]
    sim.text(phone, number, "STOP")
    refused(user, phone)
    for other in PROVIDERS:
        refused(user, phone, **{"from": world.demo_number[other]})
    listed = [item for item in user.pages("/api/opt-outs") if item["contact"] == phone]
    assert len(listed) == 1 and listed[0]["optedOut"] and listed[0]["textOptedOutAt"] and not listed[0]["doNotContactAt"]
    [stop] = user.received(phone)
    assert listed[0]["evidence"] == {"source": "text", "messageId": stop["id"], "userId": None, "note": None}

    expected = int(provider == "signalwire")

    def confirmed() -> bool:
        assert len(answers(sim, phone)) == expected, sim.inbox(phone)
        assert len(sim.creates_to(phone)) == expected, sim.creates_to(phone)
        return True

    eventually(confirmed)
    throughout(confirmed, 3)
    if expected:
        assert "unsubscribed" in answers(sim, phone)[0]
        confirmation = next(text for text in user.texts_with(phone) if text["direction"] == "outbound")
        assert user.settled(confirmation["id"])["price"]["charged"] == {"amount": "0", "currency": "USD"}

    sim.text(phone, number, "start")
    assert not opted_out(user, phone)
    assert phone not in [item["contact"] for item in user.pages("/api/opt-outs")]
    user.settled(user.send(to=phone, message=words(), **{"from": number})["id"])
    eventually(lambda: len(answers(sim, phone)) == 2 * expected + 1)


@pytest.mark.parametrize("body", ["Stop.", "please stop texting me", "opt-out", "UNSUBSCRIBE", "Quit", "remove me from your list"])
def test_it_need_not_be_said_in_one_word(world: World, user: Api, sim: Simulator, body: str) -> None:
    phone = contact()
    sim.text(phone, world.demo_number["signalwire"], body)
    refused(user, phone)


@pytest.mark.parametrize("body", ["When does the bus stop?", "We never stop", "I will end at six", "Yes please"])
def test_a_sentence_that_happens_to_hold_the_word_is_no_stop(world: World, user: Api, sim: Simulator, body: str) -> None:
    phone = contact()
    sim.text(phone, world.demo_number["signalwire"], body)
    user.received(phone)
    assert not opted_out(user, phone)


def test_a_stop_said_in_a_sentence_to_twilio_is_confirmed_by_us(world: World, user: Api, sim: Simulator) -> None:
    phone = contact()
    sim.text(phone, world.demo_number["twilio"], "please stop texting me")
    refused(user, phone)
    eventually(lambda: len(answers(sim, phone)) == 1)


def test_help_is_answered_once_and_only_where_the_provider_does_not(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, number = contact(), world.demo_number[provider]
    sim.text(phone, number, "HELP", repeat=3)
    user.received(phone)
    expected = int(provider == "signalwire")
    eventually(lambda: len(answers(sim, phone)) == expected)
    throughout(lambda: [][len(answers(sim, phone)) - expected :], 2)
    assert len(answers(sim, phone)) == expected
    if expected:
        assert "STOP" in answers(sim, phone)[0]
    assert not opted_out(user, phone)


def test_a_stop_that_is_delivered_late_again_does_not_undo_start(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, number = contact(), world.demo_number[provider]
    stop = sim.text(phone, number, "STOP", repeat=3)
    assert len(stop["callbacks"]) == 3
    refused(user, phone)
    sim.text(phone, number, "START")
    assert not opted_out(user, phone)
    for webhook in stop["callbacks"]:
        sim.redeliver(webhook)
    user.received(phone, 2)
    assert not opted_out(user, phone)
    user.settled(user.send(to=phone, message=words(), **{"from": number})["id"])
    if provider == "signalwire":
        confirmations = [body for body in answers(sim, phone) if "unsubscribed" in body]
        assert len(confirmations) == 1, sim.inbox(phone)


def test_starts_that_come_again_do_not_undo_a_later_stop(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, number = contact(), world.demo_number[provider]
    start = sim.text(phone, number, "START")
    sim.text(phone, number, "STOP")
    sim.redeliver(start["callbacks"][0])
    assert opted_out(user, phone)
    refused(user, phone)


def test_do_not_contact_is_lifted_by_the_tenant_and_not_by_start(world: World, user: Api, sim: Simulator) -> None:
    phone, number = contact(), world.demo_number["signalwire"]
    path = f"/api/opt-outs/%2B{phone[1:]}"
    assert user.get(path).status_code == 404
    answer = user.post("/api/opt-outs", {"contact": phone, "note": "asked by phone"})
    assert answer.status_code == 201, explain(answer)
    body = answer.json()["optOut"]
    assert body["optedOut"] and body["doNotContactAt"] and not body["textOptedOutAt"], body
    assert (body["evidence"]["source"], body["evidence"]["note"]) == ("user", "asked by phone")
    refused(user, phone)
    sim.text(phone, number, "START")
    refused(user, phone)
    # Both blocks: each lifted by whom it belongs to.
    sim.text(phone, number, "STOP")
    problem(user.delete(path), 403, "FORBIDDEN")
    lifted = world.admin.delete(path)
    assert lifted.status_code == 200 and lifted.json()["optOut"]["optedOut"], explain(lifted)
    refused(user, phone)
    sim.text(phone, number, "UNSTOP")
    assert not opted_out(user, phone)
    user.settled(user.send(to=phone, message=words(), **{"from": number})["id"])


def test_a_stop_to_one_tenant_says_nothing_to_another(world: World, sim: Simulator) -> None:
    phone = contact()
    sim.text(phone, world.demo_number["signalwire"], "STOP")
    refused(world.user, phone)
    assert world.other.get(f"/api/opt-outs/%2B{phone[1:]}").status_code == 404
    world.other.settled(world.other.send(to=phone, message=words())["id"])


def test_a_stop_while_a_text_waits_keeps_it_back(world: World, tenant: Tenant, sim: Simulator) -> None:
    number, phone = tenant.number("signalwire"), contact()
    tenant.deposit("1")
    sim.fault("messages.create", "status_429", match={"to": phone}, retry_after=6)
    sent = tenant.api.send(to=phone, message=words(), **{"from": number})
    eventually(lambda: sim.creates_to(phone))
    sim.text(phone, number, "STOP")
    message = tenant.api.settled(sent["id"], "failed", 40)
    assert message["errorCode"] == "OPTED_OUT", message
    assert [text for text in answers(sim, phone) if "unsubscribed" not in text] == []
    assert tenant.api.books_balance()["held"] == 0


def test_a_block_at_the_provider_is_no_opt_out_of_ours(world: World, user: Api, sim: Simulator) -> None:
    phone = contact()
    sim.fault("messages.create", "error", match={"to": phone}, status=400, code=21610, message="Attempt to send to unsubscribed recipient")
    message = user.settled(user.send(to=phone, message=words(), **{"from": world.demo_number["twilio"]})["id"], "failed")
    assert message["errorCode"] == "21610"
    assert not opted_out(user, phone)
