"""Webhooks that are not what they say: refused before anything is stored. And those that are, but not for us."""

from __future__ import annotations

import http.client
import time
import urllib.parse

import pytest
import requests

from signer import wire
from world import PROVIDERS, SIGNATURES, Simulator, World, accepted, contact, explain, problem, words


def forged(world: World, answer: requests.Response, sid: str) -> None:
    body = problem(answer, 403, "INVALID_SIGNATURE")
    assert body["title"] == body["error"] == "Invalid signature"
    assert world.stored(sid) == []


def text(world: World, provider: str) -> dict[str, str]:
    return world.signer.inbound(provider, contact(), world.demo_number[provider], words())


def test_a_signature_with_another_key(world: World, provider: str) -> None:
    url, params = world.webhook(provider), text(world, provider)
    headers = world.signer.headers(provider, url, params, key="not the key")
    forged(world, world.post_webhook(url, params, headers), params["MessageSid"])


@pytest.mark.parametrize("change", ["body", "sender", "added", "removed", "query", "path"])
def test_what_was_changed_on_the_way(world: World, provider: str, change: str) -> None:
    url, params = world.webhook(provider), text(world, provider)
    headers = world.signer.headers(provider, url, params)
    sid = params["MessageSid"]
    if change == "body":
        params["Body"] += "!"
    elif change == "sender":
        params["From"] = contact()
    elif change == "added":
        params["Extra"] = "1"
    elif change == "removed":
        del params["NumSegments"]
    elif provider == "telnyx":
        pytest.skip("the body is signed, not the URL; what it carries is not believed")
    elif change == "query":
        url += "?a=1"
    else:
        url = world.webhook(provider, "status-callback")
        params["MessageStatus"] = "delivered"
    forged(world, world.post_webhook(url, params, headers), sid)


def test_no_signature_and_an_empty_one(world: World, provider: str) -> None:
    url, params = world.webhook(provider), text(world, provider)
    forged(world, world.post_webhook(url, params, {}), params["MessageSid"])
    for name in {name for names in SIGNATURES.values() for name in names}:
        forged(world, world.post_webhook(url, params, {name: ""}), params["MessageSid"])


@pytest.mark.parametrize("seconds", [-301, 310])
def test_a_signature_that_is_old_or_of_tomorrow(world: World, seconds: int) -> None:
    """Telnyx signs the time with the body, and it is good for five minutes either way."""
    url, params = world.webhook("telnyx"), text(world, "telnyx")
    headers = world.signer.headers("telnyx", url, params, at=time.time() + seconds)
    forged(world, world.post_webhook(url, params, headers), params["MessageSid"])
    # Another time than the one that was signed.
    headers["telnyx-timestamp"] = str(int(time.time()))
    forged(world, world.post_webhook(url, params, headers), params["MessageSid"])


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_two_signatures_are_none(world: World, provider: str, order: tuple[bool, bool]) -> None:
    url, params = world.webhook(provider), text(world, provider)
    good = world.signer.headers(provider, url, params)
    name = SIGNATURES[provider][0]
    other = world.signer.headers(provider, url, params, key="not the key")
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    body, content_type = wire(params)
    connection.putrequest("POST", parts.path)
    for is_good in order:
        connection.putheader(name, good[name] if is_good else other[name])
    for unsigned in good.keys() - set(SIGNATURES[provider]):
        connection.putheader(unsigned, good[unsigned])
    connection.putheader("Content-Type", content_type)
    connection.putheader("Content-Length", str(len(body.encode())))
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    assert answer.status == 403, answer.read()
    assert b"INVALID_SIGNATURE" in answer.read()
    assert world.stored(params["MessageSid"]) == []


def test_the_other_providers_scheme(world: World, provider: str) -> None:
    other = next(name for name in PROVIDERS if name != provider)
    url, params = world.webhook(provider), text(world, provider)
    headers = world.signer.headers(other, url, params)
    forged(world, world.post_webhook(url, params, headers), params["MessageSid"])
    # The other provider's whole webhook, at this provider's address.
    params = text(world, other)
    forged(world, world.post_webhook(url, params, world.signer.headers(other, url, params)), params["MessageSid"])


def test_an_account_that_we_do_not_know(world: World, form_provider: str) -> None:
    provider = form_provider
    url, params = world.webhook(provider), text(world, provider)
    stranger = {"twilio": "AC" + "0" * 32, "signalwire": "00000000-0000-4000-8000-000000000000"}[provider]
    params["AccountSid"] = stranger
    forged(world, world.post_webhook(url, params, world.signer.headers(provider, url, params)), params["MessageSid"])
    # Nobody is named, so that there is no key to try.
    del params["AccountSid"]
    problem(world.post_webhook(url, params, world.signer.headers(provider, url, params)), 403, "INVALID_SIGNATURE")
    forged(world, world.post_webhook(url, params, world.signer.headers(provider, url, params, key="not the key")), params["MessageSid"])


def test_names_in_a_signed_body_do_not_decide_whose_it_is(world: World) -> None:
    """At Telnyx the key does: profiles and connections come and go at the provider without us."""
    params = text(world, "telnyx") | {"AccountSid": "", "messaging_profile_id": "00000000-0000-4000-8000-000000000000"}
    url = world.webhook("telnyx")
    forged(world, world.post_webhook(url, params, world.signer.headers("telnyx", url, params, key="not the key")), params["MessageSid"])
    world.deliver("telnyx", params)
    world.user.received(params["From"])


def test_a_forged_status_moves_nothing(world: World, sim: Simulator, provider: str) -> None:
    phone = contact()
    sent = world.user.send(to=phone, message=words(), **{"from": world.demo_number[provider]})
    before = world.user.settled(sent["id"])
    url = world.callback_url(phone).split("#")[0]
    params = world.signer.report(provider, before["providerSid"], before["from"], phone, "read")
    answer = world.post_webhook(url, params, world.signer.headers(provider, url, params, key="not the key"))
    problem(answer, 403, "INVALID_SIGNATURE")
    if provider == "telnyx":  # The address is not signed there: another message's is none that this id would fit.
        params = world.signer.report(provider, world.signer.new_sid(provider), before["from"], phone, "failed", "40008")
        world.report(provider, url, params)
        assert world.user.message(sent["id"]) == before
        return
    # A signature that is good, but for another message's address.
    other = world.webhook(provider, "status-callback") + "?m=AAAA"
    problem(world.post_webhook(url, params, world.signer.headers(provider, other, params)), 403, "INVALID_SIGNATURE")
    assert world.user.message(sent["id"]) == before


def test_a_number_of_ours_at_another_account_is_nobodys(world: World, provider: str) -> None:
    other = next(name for name in PROVIDERS if name != provider)
    phone = contact()
    params = world.signer.inbound(provider, phone, world.demo_number[other], words())
    world.deliver(provider, params)
    assert world.user.texts_with(phone) == []
    [note] = world.stored(params["MessageSid"])
    assert note["PK"]["S"] == f"U#platform-{provider}", note
    assert params["Body"] not in str(note)


def test_an_unknown_number_is_noted_for_the_operator_and_thanked(world: World, provider: str) -> None:
    phone = contact()
    params = world.signer.inbound(provider, phone, contact(), words())
    for _ in range(3):
        world.deliver(provider, params)
    assert world.user.texts_with(phone) == []
    [note] = world.stored(params["MessageSid"])
    assert note["PK"]["S"] == f"U#platform-{provider}", note


def test_the_same_id_with_another_text_is_no_replay(world: World, provider: str) -> None:
    first = text(world, provider)
    world.deliver(provider, first)
    [message] = world.user.received(first["From"])
    world.deliver(provider, {**first, "Body": words("another")})
    [again] = world.user.received(first["From"])
    assert again == message


def test_reports_about_what_was_never_sent_are_thanked(world: World, provider: str) -> None:
    url = world.webhook(provider, "status-callback")
    params = world.signer.report(provider, world.signer.new_sid(provider), world.demo_number[provider], contact(), "delivered")
    world.report(provider, url, params)
    for swapped in ("sms", "status-callback"):  # Each kind at the other's address.
        there = world.webhook(provider, swapped)
        body = params if swapped == "sms" else text(world, provider)
        accepted(world.post_webhook(there, body, world.signer.headers(provider, there, body)))


def test_signed_and_yet_not_a_webhook(world: World, provider: str) -> None:
    url = world.webhook(provider)
    for broken in ({"MessageSid": "x"}, {"From": ""}, {"To": ""}, {"Body": None}, {"NumMedia": "many"}):
        params = {name: value for name, value in {**text(world, provider), **broken}.items() if value is not None}
        answer = world.post_webhook(url, params, world.signer.headers(provider, url, params))
        assert answer.status_code in (200, 400), (broken, explain(answer))


def test_parameters_that_repeat_are_empty_or_in_any_script(world: World, provider: str) -> None:
    params = text(world, provider) | {"Body": words("Ünïcödé & =?+% 😀\n日本語"), "Empty": "", "FromCity": "", "Zz": "a+b c&d"}
    world.deliver(provider, params)
    [message] = world.user.received(params["From"])
    assert message["body"] == params["Body"]


def test_senders_that_are_no_phone_numbers_are_kept(world: World, provider: str) -> None:
    for sender in ("12345", "ACME-Bank", "+266696687", "anonymous"):
        params = world.signer.inbound(provider, sender, world.demo_number[provider], words())
        world.deliver(provider, params)
        [stored] = [item for item in world.stored(params["MessageSid"]) if item["ent"]["S"] == "msg"]
        assert params["Body"] == stored["body"]["S"], stored


def test_a_provider_that_does_not_exist(world: World) -> None:
    answer = world.post_webhook(world.webhook("acme"), {"a": "1"}, {})
    assert answer.status_code == 404, explain(answer)
    for provider in PROVIDERS:
        assert requests.get(world.webhook(provider), timeout=30).status_code in (404, 405)


def test_a_webhook_that_is_far_too_long(world: World, provider: str) -> None:
    params = text(world, provider) | {"Body": "x" * (1100 * 1024)}
    url = world.webhook(provider)
    answer = world.post_webhook(url, params, world.signer.headers(provider, url, params))
    assert answer.status_code in (400, 413), explain(answer)
    assert world.stored(params["MessageSid"]) == []
