"""Customer events: what happens is posted to the customer's own system, signed, in order, again when it failed."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from world import Api, Tenant, World, contact, eventually, explain, problem, words


class Receiver:
    """A customer's system: the simulator's sink, and an endpoint that points at it."""

    def __init__(self, world: World, tenant: Tenant, events: list[str]) -> None:
        self.world, self.name = world, secrets.token_hex(6)
        self.admin = Api(world.url, world.token(tenant.name, ["tenant-admin"]), world.contract)
        self.url = f"{world.stack['simulator']}/_hooks/{self.name}"
        answer = self.admin.post("/api/event-endpoints", {"url": self.url, "events": events})
        assert answer.status_code == 201, explain(answer)
        self.endpoint = answer.json()["endpoint"]
        self.secret = self.endpoint["secret"]

    def script(self, **how: Any) -> None:
        self.world.sim.call("POST", f"/hooks/{self.name}", how)

    def posts(self) -> list[dict[str, Any]]:
        return self.world.sim.call("GET", "/hooks", name=self.name)["hooks"]

    def events(self, count: int, timeout: float = 30) -> list[dict[str, Any]]:
        """The first `count` posts, each verified by Standard Webhooks' own library."""

        def look() -> list[dict[str, Any]]:
            posts = self.posts()
            assert len(posts) >= count, [post["body"][:200] for post in posts]
            return posts

        return [self.verified(post) for post in eventually(look, timeout)]

    def verified(self, post: dict[str, Any]) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in post["headers"]} if isinstance(post["headers"], list) else {
            name.lower(): value for name, value in post["headers"].items()
        }
        event = Webhook(self.secret).verify(post["body"], headers)
        assert headers["webhook-id"] == event["id"]
        return event

    def deliveries(self) -> list[dict[str, Any]]:
        return self.admin.pages(f"/api/event-endpoints/{self.endpoint['id']}/deliveries")


@pytest.fixture
def told(world: World, tenant: Tenant) -> Receiver:
    tenant.number("twilio", primary=True)
    tenant.deposit("5")
    return Receiver(world, tenant, ["message.received", "message.status"])


def test_what_happens_is_told_in_order(world: World, tenant: Tenant, told: Receiver) -> None:
    own, phone = tenant.number("signalwire"), contact()
    first = words()
    world.sim.text(phone, own, first)
    [received] = tenant.api.received(phone)
    sent = tenant.api.send(to=phone, message=words())
    tenant.api.settled(sent["id"])

    def look() -> list[dict[str, Any]]:
        events = [told.verified(post) for post in told.posts()]
        assert events and events[-1]["data"].get("status") == "delivered", events
        return events

    events = eventually(look, 30)
    assert events[0]["type"] == "message.received" and events[0]["data"]["body"] == first
    assert events[0]["data"]["id"] == received["id"]
    assert {event["type"] for event in events[1:]} == {"message.status"}
    assert [event["data"]["messageId"] for event in events[1:]] == [sent["id"]] * (len(events) - 1)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["id"] for event in events}) == len(events)


def test_what_becomes_of_a_number_is_told(world: World, tenant: Tenant) -> None:
    told = Receiver(world, tenant, ["number.*"])
    phone = tenant.number("twilio")
    [number] = tenant.api.pages(f"/api/numbers?phoneNumber={phone.replace('+', '%2B')}")
    path = f"/api/numbers/{number['id']}"
    shown = [number]
    for change in ({"userId": "u-7", "displayName": "Front desk"}, {"isActive": False}):
        answer = tenant.admin.request("PATCH", path, json=change)
        assert answer.status_code == 200, explain(answer)
        shown.append(answer.json()["number"])
    assert tenant.admin.delete(f"{path}/release").status_code == 200
    shown.append(tenant.api.get(path).json()["number"])
    events = told.events(4)
    assert [event["type"] for event in events] == ["number.added", "number.updated", "number.updated", "number.released"]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4]
    # The registering writes the number as it is; when it was written is all that may differ.
    assert [event["data"] for event in events] == shown


def test_a_webhook_that_comes_twice_is_told_once(world: World, tenant: Tenant, told: Receiver) -> None:
    own, phone = tenant.number("twilio"), contact()
    received = world.sim.text(phone, own, words())
    for _ in range(3):
        world.sim.redeliver(received["callbacks"][0])
    told.events(1)
    world.sim.text(phone, own, words())
    events = told.events(2)
    assert [event["sequence"] for event in events] == [1, 2]


def test_a_failed_try_is_repeated_under_the_same_id(world: World, tenant: Tenant, told: Receiver) -> None:
    told.script(statuses=[500, 200])
    own, phone = tenant.number("twilio"), contact()
    world.sim.text(phone, own, words())
    tries = told.events(2, timeout=60)
    assert len({event["id"] for event in tries}) == 1 and len({json.dumps(event) for event in tries}) == 1
    [delivery] = eventually(lambda: [d for d in told.deliveries() if d["state"] == "delivered"], 20)
    assert delivery["attempts"] == 2, delivery


def test_one_bad_endpoint_delays_nobody(world: World, tenant: Tenant, told: Receiver) -> None:
    down = Receiver(world, tenant, ["message.received"])
    down.script(statuses=[500])
    own, phone = tenant.number("twilio"), contact()
    texts = [words() for _ in range(4)]
    for text in texts:
        world.sim.text(phone, own, text)
    events = told.events(4)
    assert [event["data"]["body"] for event in events] == texts
    assert [event["sequence"] for event in events] == [1, 2, 3, 4]
    assert down.posts(), "it was tried"


def test_replay_tells_again_under_the_same_ids(world: World, tenant: Tenant, told: Receiver) -> None:
    own, phone = tenant.number("twilio"), contact()
    world.sim.text(phone, own, words())
    [first] = told.events(1)
    answer = told.admin.post(f"/api/event-endpoints/{told.endpoint['id']}/replay", {"eventId": first["id"]})
    assert answer.status_code == 202, explain(answer)
    again = told.events(2)
    assert again[1] == first


def test_an_endpoint_that_is_gone_is_switched_off(world: World, tenant: Tenant, told: Receiver) -> None:
    told.script(statuses=[410])
    world.sim.text(contact(), tenant.number("twilio"), words())

    def look() -> bool:
        endpoint = told.admin.get(f"/api/event-endpoints/{told.endpoint['id']}").json()["endpoint"]
        assert endpoint["isActive"] is False, endpoint
        return True

    eventually(look, 30)
    back = told.admin.request("PATCH", f"/api/event-endpoints/{told.endpoint['id']}", json={"isActive": True})
    assert back.status_code == 200 and back.json()["endpoint"]["isActive"] is True, explain(back)


def test_bad_endpoints_are_refused(world: World, told: Receiver) -> None:
    admin = told.admin
    good = "https://hooks.example.com/x"
    for url in (
        "", "hooks.example.com", "http://hooks.example.com/", "ftp://hooks.example.com/", "https://user:pw@hooks.example.com/",
        "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://10.0.0.8/", "http://127.0.0.1:1/",
        "https://hooks.example.com/" + "x" * 3000,
    ):  # fmt: skip
        problem(admin.post("/api/event-endpoints", {"url": url, "events": ["*"]}), 400, "VALIDATION_FAILED", "url")
    for events in ([], ["nothing.such"], ["message"]):
        answer = admin.post("/api/event-endpoints", {"url": good, "events": events})
        assert answer.status_code == 400 and answer.json()["code"] == "VALIDATION_FAILED", explain(answer)
    problem(admin.post("/api/event-endpoints", {"url": good, "events": ["*"], "secret": "short"}), 400, "VALIDATION_FAILED", "secret")
    assert "secret" not in admin.get(f"/api/event-endpoints/{told.endpoint['id']}").json()["endpoint"] or (
        admin.get(f"/api/event-endpoints/{told.endpoint['id']}").json()["endpoint"]["secret"] is None
    )
    problem(Api(world.url, world.token("t" + secrets.token_hex(4), []), world.contract).post(
        "/api/event-endpoints", {"url": good, "events": ["*"]}), 403, "FORBIDDEN")  # fmt: skip


def test_a_redirect_is_not_followed(world: World, tenant: Tenant, told: Receiver) -> None:
    other = secrets.token_hex(6)
    told.script(statuses=[302], redirect_to=f"{world.stack['simulator']}/_hooks/{other}")
    world.sim.text(contact(), tenant.number("twilio"), words())
    told.events(1)
    assert world.sim.call("GET", "/hooks", name=other)["hooks"] == []


def test_an_agent_answers_a_text(world: World, tenant: Tenant) -> None:
    tenant.deposit("5")
    admin = Api(world.url, world.token(tenant.name, ["tenant-admin"]), world.contract)
    name, said = secrets.token_hex(6), words("Yes, until ten.")
    url = f"{world.stack['simulator']}/_hooks/{name}"
    world.sim.call("POST", f"/hooks/{name}", {"statuses": [200], "body": json.dumps({"message": said}), "content_type": "application/json"})
    made = admin.post("/api/agents", {"name": "Desk", "sms": {"url": url}})
    assert made.status_code == 201, explain(made)
    own, phone = tenant.number("twilio", agent=made.json()["agent"]["id"]), contact()
    received = world.sim.text(phone, own, words("Are you open?"))
    world.sim.redeliver(received["callbacks"][0])
    eventually(lambda: [text for text in world.sim.inbox(phone) if text["body"] == said], 30)
    world.sim.text(phone, own, "STOP")
    answers = [text for text in world.sim.inbox(phone) if text["body"] == said]
    assert len(answers) == 1, "answered once, and a STOP never by the agent"


def test_what_is_wrong_with_an_agent_is_named(told: Receiver) -> None:
    for members, field in (
        ({"kind": "robot"}, "kind"),
        ({"kind": "stream"}, "stream"),
        ({"kind": "stream", "stream": {"url": "https://voice.example.com"}}, "stream.url"),
        ({"kind": "number", "number": "nobody"}, "number"),
        ({"retell": {"agentId": "agent_1"}}, "retell"),
        ({"prompt": "x" * 20_001}, "prompt"),
        ({"fallback": "pray"}, "fallback"),
    ):
        answer = told.admin.post("/api/agents", {"name": "Desk", "sms": {"url": told.url}, **members})
        assert answer.status_code == 400, explain(answer)
        assert [error["field"] for error in answer.json()["errors"]] == [field], explain(answer)
    assert requests.get(told.url, timeout=10).status_code in (200, 404, 405)
