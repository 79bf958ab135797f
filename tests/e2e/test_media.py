"""Pictures: copied once, kept private, read through links that expire and cannot be bent."""

from __future__ import annotations

import base64
import os
import urllib.parse
from typing import Any

import pytest
import requests

from world import MMS_PRICE, Api, Simulator, Tenant, World, contact, dollars, eventually, explain, problem, summary, words

HEADS = {
    "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "mp4": b"\0\0\0\x18ftypisom", "pdf": b"%PDF-1.7\n",
}  # fmt: skip
TYPES = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "mp4": "video/mp4", "pdf": "application/pdf"}


def file(kind: str, size: int = 2000) -> bytes:
    return HEADS[kind] + os.urandom(size)


def medium(content: bytes, content_type: str, **more: Any) -> dict[str, Any]:
    return {"base64": base64.b64encode(content).decode(), "content_type": content_type, **more}


def copied(api: Api, phone: str, timeout: float = 30) -> dict[str, Any]:
    """The one inbound message of a phone, once nothing is pending about its attachments."""

    def look() -> dict[str, Any]:
        [message] = [text for text in api.texts_with(phone) if text["direction"] == "inbound"]
        assert all(item["status"] != "pending" for item in message["media"]), summary(message)
        return message

    return eventually(look, timeout)


def fetch(url: str, **options: Any) -> requests.Response:
    return requests.get(url, timeout=30, allow_redirects=False, **options)


def key_of(url: str, world: World) -> str:
    return urllib.parse.urlsplit(url).path.partition(f"{world.stack['bucket']}/")[2] or urllib.parse.urlsplit(url).path[1:]


def test_pictures_are_copied_and_read_through_links_only(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, kinds = contact(), ["png", "jpeg", "gif", "mp4", "pdf"]
    contents = [file(kind) for kind in kinds]
    media = [medium(content, TYPES[kind]) for kind, content in zip(kinds, contents)]
    received = sim.text(phone, world.demo_number[provider], words(), media=media)
    message = copied(user, phone)
    assert (message["numMedia"], len(message["mediaUrls"])) == (5, 5)
    assert message["providerSid"] == received["sid"]
    token = {"Authorization": f"Bearer {user.token}"}
    for n, (kind, content) in enumerate(zip(kinds, contents)):
        item, url = message["media"][n], message["mediaUrls"][n]
        assert (item["n"], item["status"], item["contentType"], item["size"]) == (n, "stored", TYPES[kind], len(content))
        assert item["url"] == url
        assert key_of(url, world) == f"mms/demo/{message['userId'] or '_'}/{received['sid']}_{n}.{kind}"
        link = fetch(url)
        assert link.status_code == 200 and link.content == content, explain(link)
        assert link.headers["content-type"] == TYPES[kind]

        redirect = user.get(f"/api/messages/{message['id']}/media/{n}")
        assert redirect.status_code == 302, explain(redirect)
        followed = fetch(redirect.headers["location"])
        assert followed.status_code == 200 and followed.content == content, explain(followed)

        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        assert 0 < int(query["X-Amz-Expires"]) <= 300, query
        bare = urllib.parse.urlunsplit(parts._replace(query=""))
        assert fetch(bare).status_code == 403
        assert fetch(bare, headers=token).status_code in (400, 403)
        for bent in (
            url.replace(f"_{n}.", f"_{(n + 1) % 5}."),
            url.replace("X-Amz-Expires=" + query["X-Amz-Expires"], "X-Amz-Expires=604800"),
            url.replace(query["X-Amz-Signature"], query["X-Amz-Signature"][:-1] + ("0" if query["X-Amz-Signature"][-1] != "0" else "1")),
        ):
            assert bent != url and fetch(bent).status_code == 403, bent
    problem(user.get(f"/api/messages/{message['id']}/media/5"), 404, "NOT_FOUND")
    assert sim.call("GET", "/violations")["violations"] == []


@pytest.mark.parametrize("user", ["u-77", None])
def test_the_key_names_the_user_of_the_number(world: World, tenant: Tenant, sim: Simulator, provider: str, user: str | None) -> None:
    number, phone = tenant.number(provider, **({"user": user} if user else {})), contact()
    received = sim.text(phone, number, "", media=[medium(file("png"), "image/png")])
    message = copied(tenant.api, phone)
    assert message["userId"] == user and message["body"] == ""
    assert key_of(message["mediaUrls"][0], world) == f"mms/{tenant.name}/{user or '_'}/{received['sid']}_0.png"


def test_a_picture_that_is_not_there_yet_is_waited_for(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone, content = contact(), file("jpeg")
    late = medium(content, "image/jpeg", not_ready=2)
    sim.text(phone, world.demo_number[provider], words(), media=[late])
    message = copied(user, phone, 60)
    assert message["media"][0]["status"] == "stored", summary(message)
    assert fetch(message["mediaUrls"][0]).content == content


@pytest.mark.parametrize(
    "content, announced",
    [
        (b"<!DOCTYPE html><html><script>alert(1)</script></html>", "image/png"),
        (b"<html><body>Not found</body></html>", "text/html"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "image/svg+xml"),
        (b"MZ\x90\0\x03 this program cannot be run", "image/gif"),
    ],
)
def test_what_only_pretends_to_be_a_picture_is_not_kept(
    world: World, user: Api, sim: Simulator, content: bytes, announced: str
) -> None:
    phone, picture = contact(), file("png")
    media = [medium(content, announced), medium(picture, "image/png")]
    sim.text(phone, world.demo_number["twilio"], words(), media=media)
    message = copied(user, phone)
    bad, good = message["media"]
    assert (bad["status"], bad["reason"], bad["url"]) == ("failed", "unsafe_type", None), summary(message)
    assert good["status"] == "stored" and fetch(good["url"]).content == picture
    assert message["numMedia"] == 2 and message["mediaUrls"] == [good["url"]]
    problem(user.get(f"/api/messages/{message['id']}/media/0"), 404, "NOT_FOUND")


def test_a_picture_that_the_provider_has_deleted_is_given_up_with_a_reason(world: World, user: Api, sim: Simulator, provider: str) -> None:
    phone = contact()
    # The fetch is not bound to a phone, only to the message, whose id is chosen here.
    sid = world.signer.new_sid(provider)
    sid = "MM" + sid[2:] if provider == "twilio" else sid
    # Telnyx has no media of its own, only links to its store.
    fault = sim.fault("cdn" if provider == "telnyx" else "media.fetch", "expired", times=0)
    try:
        sim.text(phone, world.demo_number[provider], words(), media=[medium(file("png"), "image/png")], sid=sid)
        message = copied(user, phone)
    finally:
        sim.unfault(fault)
    # An expired link to a store is refused, and nobody says why.
    reason = "denied" if provider == "telnyx" else "gone"
    assert (message["media"][0]["status"], message["media"][0]["reason"]) == ("failed", reason), summary(message)


def test_a_big_file_is_copied_whole(world: World, user: Api, sim: Simulator) -> None:
    phone, size = contact(), 9 * 1024 * 1024
    sim.text(phone, world.demo_number["signalwire"], words(), media=[{"size": size}])
    message = copied(user, phone, 60)
    assert (message["media"][0]["status"], message["media"][0]["size"]) == ("stored", size), summary(message)
    assert len(fetch(message["mediaUrls"][0]).content) == size


def test_media_from_elsewhere_is_not_fetched(world: World, user: Api, provider: str) -> None:
    for url in (world.stack["endpoint"] + "/latest/meta-data", "http://169.254.169.254/latest/meta-data/", "https://example.com/a.png", "file:///etc/passwd"):
        phone = contact()
        params = world.signer.inbound(provider, phone, world.demo_number[provider], words())
        params |= {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/png"}
        world.deliver(provider, params)
        message = copied(user, phone)
        assert message["media"][0]["status"] == "failed", (url, summary(message))
        assert message["media"][0]["reason"] in ("foreign_url", "forbidden_url"), (url, summary(message))


def test_a_picture_is_sent_by_its_url(world: World, tenant: Tenant, sim: Simulator, provider: str) -> None:
    number, phone, url = tenant.number(provider), contact(), "https://example.com/a.png"
    tenant.deposit("1")
    sent = tenant.api.send(to=phone, message=words(), mediaUrl=[url], **{"from": number})
    assert sent["price"]["estimate"] == {"amount": "0.02", "currency": "USD"}
    # SignalWire reports nothing about an MMS after `sent`.
    end = "sent" if provider == "signalwire" else "delivered"
    message = tenant.api.settled(sent["id"], end)
    assert (message["numMedia"], message["mediaUrls"], message["media"][0]["status"]) == (1, [url], "external")
    assert sim.messages_to(phone)[0]["media_urls"] == [url]
    redirect = tenant.api.get(f"/api/messages/{sent['id']}/media/0")
    assert (redirect.status_code, redirect.headers["location"]) == (302, url)
    eventually(lambda: tenant.api.wallet()["held"] == 0)
    capture = next(entry for entry in tenant.api.ledger() if entry["type"] == "capture")
    assert dollars(capture["amount"]) == -MMS_PRICE
    only_picture = tenant.api.send(to=contact(), mediaUrl=[url], **{"from": number})
    tenant.api.settled(only_picture["id"], end)


def test_a_number_without_mms_sends_none(tenant: Tenant) -> None:
    number = tenant.number("twilio", no_mms=True)
    tenant.deposit("1")
    body = {"to": contact(), "message": words(), "mediaUrl": ["https://example.com/a.png"], "from": number}
    problem(tenant.api.post("/api/sms/send", body), 422, "CAPABILITY_MISSING", "from")


def test_credentials_never_reached_another_host(sim: Simulator) -> None:
    assert sim.call("GET", "/violations")["violations"] == []
