"""Every operation of the OpenAPI document, tried with another tenant's token and ids.

The document is walked, so that a new operation is covered by itself: where it takes an id that this file cannot make, or
a body that it does not know, the test fails and says so. The victim is a tenant of its own; what is stored of it must be
the same, byte for byte, after all attempts, and each attempt must be answered as one with an id that nobody has.
"""

from __future__ import annotations

import json
import random
import re
import secrets
import urllib.parse
from typing import Any

import pytest

from world import Api, Tenant, World, contact, eventually, explain, words

ULID = "01JUNKNWN00000000000000000"


class Victim:
    """One of everything that a tenant can have."""

    def __init__(self, world: World) -> None:
        self.world, self.tenant = world, world.tenant()
        api, admin = self.tenant.api, self.tenant.admin
        self.number = self.tenant.number("twilio", primary=True, user="u-victim")
        good(admin.put("/api/preferences?userId=u-victim", {"voicemailEnabled": True}))
        [entry] = good(api.get("/api/numbers")).json()["items"]
        self.number_id = entry["id"]
        self.tenant.deposit("5")
        # A number of a plan that no other test buys of.
        asked = {"countryCode": "CA", "numberType": "local", "provider": "twilio", "areaCode": "514", "limit": 100}
        offer = random.choice(good(api.post("/api/numbers/search", asked)).json()["numbers"])
        wish = {"phoneNumber": offer["phoneNumber"], "countryCode": "CA", "numberType": "local", "provider": "twilio", "displayName": words()}
        bought = good(admin.post("/api/numbers/purchase", wish, headers={"Idempotency-Key": "k"})).json()["number"]
        self.purchase = eventually(lambda: next(iter(self.purchases()), None))
        self.bought = bought["id"]
        self.contact, self.blocked = contact(), contact()
        world.sim.text(self.contact, self.number, words(), media=[{"kind": "png"}])
        [message] = api.received(self.contact)
        self.message, self.conversation = message["id"], message["conversationId"]
        sent = api.send(to=self.contact, message=words())
        api.settled(sent["id"])
        self.template = "t-" + secrets.token_hex(4)
        good(admin.put(f"/api/templates/{self.template}", {"body": words()}))
        good(api.post("/api/opt-outs", {"contact": self.blocked}))
        hook = f"{world.stack['simulator']}/_hooks/{secrets.token_hex(4)}"
        endpoint = good(admin.post("/api/event-endpoints", {"url": hook, "events": ["number.*"]}))
        self.endpoint = endpoint.json()["endpoint"]["id"]
        agent = good(admin.post("/api/agents", {"name": "Front desk", "sms": {"url": hook}}))
        self.agent = agent.json()["agent"]["id"]
        config = {"account_sid": "AC" + secrets.token_hex(16), "auth_token": secrets.token_hex(16), "display_name": words()}
        provider = good(admin.post("/api/provider-management", {"action": "add_provider", "provider_type": "twilio", "config": config}))
        self.provider = provider.json()["provider"]["id"]
        script = {"speech": words(), "speech_seconds": 4, "hang_up_when": "recording_ends"}
        self.call_sid = world.sim.call("POST", f"/phones/{self.contact}/call", {"to": self.number, "call": script})["call_sid"]
        self.voicemail = eventually(lambda: next((left["id"] for left in api.get("/api/voicemails").json()["items"] if left["recordingUrl"]), None), 40)
        self.call = eventually(lambda: next((call["id"] for call in api.get("/api/calls").json()["items"] if call["outcome"]), None))
        # What was said is told last.
        eventually(lambda: api.get(f"/api/voicemails/{self.voicemail}").json()["voicemail"]["transcription"])
        # What is still on its way would look like a change.
        eventually(lambda: api.message(self.message)["mediaUrls"][0])

    def purchases(self) -> list[str]:
        keys = [item["PK"]["S"] for item in self.world.stored(f"T#{self.tenant.name}#BUY#")]
        return sorted({key.rpartition("#")[2] for key in keys if "#BUY#" in key})

    def secrets(self) -> list[str]:
        """What no answer to another tenant may hold."""
        return [
            self.message, self.conversation, self.template, self.endpoint, self.agent, self.provider, self.contact[1:], self.blocked[1:],
            self.number[1:], self.number_id, self.purchase, self.bought, self.call, self.call_sid, self.voicemail,
        ]  # fmt: skip

    def stored(self) -> str:
        """Everything that is stored under its name."""
        items = self.world.stored(f"T#{self.tenant.name}#")
        return "\n".join(sorted(json.dumps(item, sort_keys=True, default=str) for item in items))


def good(answer: Any) -> Any:
    assert answer.status_code < 300, explain(answer)
    return answer


@pytest.fixture(scope="module")
def victim(world: World) -> Victim:
    return Victim(world)


@pytest.fixture(scope="module")
def stranger(world: World) -> Tenant:
    """Another tenant, and all its roles but the platform's."""
    tenant = world.tenant()
    tenant.api = Api(world.url, world.token(tenant.name, ["tenant-admin"]), world.contract)
    return tenant


# The id of a path by the collection that it is of: the victim's, and one that nobody has.
IDS = {
    "/api/messages": lambda v: (v.message, ULID),
    "/api/conversations": lambda v: (v.conversation, ULID),
    "/api/templates": lambda v: (v.template, "t-" + secrets.token_hex(4)),
    "/api/opt-outs": lambda v: (quoted(v.blocked), quoted(contact())),
    "/api/clients": lambda v: ("4" + secrets.token_hex(8), "4" + secrets.token_hex(8)),
    "/api/event-endpoints": lambda v: (v.endpoint, ULID),
    "/api/agents": lambda v: (v.agent, ULID),
    "/api/numbers": lambda v: (v.number_id, ULID),
    "/api/calls": lambda v: (v.call, ULID),
    "/api/recordings": lambda v: (v.voicemail, f"{ULID}-RE1"),
    "/api/voicemails": lambda v: (v.voicemail, f"{ULID}-RE1"),
    "/api/numbers/purchases": lambda v: (v.purchase, ULID),
    # The platform's alone: whoever else asks is refused before a name is looked at.
    "/api/subscriptions": lambda v: ("s-" + secrets.token_hex(4), "s-" + secrets.token_hex(4)),
}
# Bodies by operation, with an id that stands for the victim's or for nobody's.
BODIES = {
    "POST /api/sms/send": lambda v, known: [
        {"to": contact(), "message": "Hello", "from": v.number if known else contact()},
        {"to": contact(), "templateId": v.template if known else "t-none"},
        {"to": contact(), "message": "Hello", "providerAccountId": v.provider if known else "twilio-none"},
    ],
    "POST /api/messages/preview": lambda v, known: [{"templateId": v.template if known else "t-none"}],
    "POST /api/route/explain": lambda v, known: [
        {"messageId": v.message if known else ULID},
        {"to": "+14155552671", "from": v.number if known else contact()},
    ],
    "POST /api/numbers/search": lambda v, known: [
        {"countryCode": "US", "numberType": "local", "areaCode": "415", "providerAccountId": v.provider if known else "twilio-none"},
    ],
    "POST /api/provider-management": lambda v, known: [
        {"action": action, "provider_id": v.provider if known else "twilio-none", **more}
        for action, more in {
            "update_provider": {"config": {"display_name": "mine now"}},
            "delete_provider": {},
            "test_connection": {},
            "list_numbers": {},
            "import_number": {"number": v.number if known else contact()},
            "sync_numbers": {},
        }.items()
    ],
    "POST /api/numbers/repair-webhooks": lambda v, known: [{"dryRun": True, "tenantId": v.tenant.name if known else "nobody"}],
    # They take no id of a tenant's; what they are refused for must not depend on whose things there are.
    "POST /api/wallet/deposit": lambda v, known: [{"amount": 1, "reference": "r", "tenantId": v.tenant.name if known else "nobody"}],
    "PUT /api/wallet/spend-cap": lambda v, known: [{"daily": 1, "monthly": None, "tenantId": v.tenant.name if known else "nobody"}],
    "POST /api/templates": lambda v, known: [{"id": "t-" + secrets.token_hex(4), "body": "mine"}],
    "PUT /api/templates/{id}": lambda v, known: [{"body": "mine"}],
    "POST /api/opt-outs": lambda v, known: [{"contact": v.blocked if known else contact()}],
    "PUT /api/clients/{clientId}": lambda v, known: [{"tenantId": v.tenant.name if known else "nobody"}],
    "POST /api/event-endpoints": lambda v, known: [{"url": "https://example.com/hook", "events": ["message.received"]}],
    "PATCH /api/event-endpoints/{id}": lambda v, known: [{"isActive": False}],
    "POST /api/event-endpoints/{id}/rotate": lambda v, known: [{}],
    "POST /api/event-endpoints/{id}/replay": lambda v, known: [{"since": "2026-01-01T00:00:00Z"}],
    "PATCH /api/numbers/{id}": lambda v, known: [{"notes": "mine now"}, {"isPrimary": True}, {"agentId": v.agent if known else "nobody"}],
    "POST /api/numbers/{id}/move": lambda v, known: [{"tenantId": v.tenant.name if known else "nobody"}],
    "POST /api/numbers": lambda v, known: [
        {"phoneNumber": v.number, "providerAccountId": v.provider if known else "twilio-none", "displayName": "mine"},
        {"phoneNumber": v.number if known else contact(), "providerAccountId": "platform-twilio", "displayName": "mine"},
    ],
    "POST /api/numbers/purchase": lambda v, known: [
        {"phoneNumber": "+14155550124", "countryCode": "US", "numberType": "local", "displayName": "mine",
         **({"providerAccountId": v.provider if known else "twilio-none"} if which else {"agentId": v.agent if known else "agent-none"})}
        for which in (True, False)
    ],
    "POST /api/subscriptions": lambda v, known: [
        {"subscriptionId": "s-walked", "userId": "u-1", "tenantId": v.tenant.name if known else "nobody"},
    ],
    "POST /api/stir/sign": lambda v, known: [{"from": v.number if known else contact(), "to": "+14155552671"}],
    "POST /api/stir/verify": lambda v, known: [{"from": v.number if known else contact(), "to": "+14155552671", "identity": "x"}],
    "PATCH /api/voicemails/{id}": lambda v, known: [{"status": "listened"}],
    "PUT /api/preferences": lambda v, known: [{"voicemailEnabled": True}],
    "POST /api/agents": lambda v, known: [{"name": "Mine", "sms": {"url": "https://example.com/hook"}}],
    "PUT /api/agents/{id}": lambda v, known: [{"name": "Mine", "sms": {"url": "https://example.com/hook"}}],
}
# A write under an id of one's own choice makes one's own thing, whoever else has one of that name.
OWN_NAMES = {"PUT /api/templates/{id}", "PUT /api/agents/{id}", "POST /api/opt-outs"}


def quoted(phone: str) -> str:
    return urllib.parse.quote(phone, safe="")


def operations(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in world.contract.document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    ]


def filled(path: str, victim: Victim, known: bool) -> str:
    """The path with the victim's id, or with one that nobody has."""
    names = re.findall(r"\{(\w+)\}", path)
    if not names:
        return path
    collection = path.split("/{")[0]
    assert collection in IDS, f"{path}: say in IDS whose ids it takes"
    ids = IDS[collection](victim)
    values = [ids[0] if known else ids[1], "0"]
    for name, value in zip(names, values, strict=False):
        path = path.replace(f"{{{name}}}", value)
    return path


def tried(api: Api, method: str, path: str, operation: dict[str, Any], victim: Victim, known: bool) -> list[tuple[int, Any]]:
    """What the operation answers, without what differs by chance."""
    bodies: list[Any] = [None]
    if "requestBody" in operation:
        name = f"{method} {path}"
        assert name in BODIES, f"{name}: say in BODIES what is asked of it"
        bodies = BODIES[name](victim, known)
    answers = []
    for body in bodies:
        answer = api.request(method, filled(path, victim, known), **({"json": body} if body is not None else {}))
        if known:
            for secret in victim.secrets():
                assert secret not in answer.text or secret in json.dumps(body) or secret in urllib.parse.unquote(answer.request.url or ""), explain(answer)
        answers.append((answer.status_code, comparable(answer)))
    return answers


def comparable(answer: Any) -> Any:
    if answer.status_code < 400:
        return None
    problem = answer.json()
    return {name: problem.get(name) for name in ("code", "title", "detail", "errors")}


def test_another_tenants_ids_are_answered_as_unknown_ones_and_nothing_changes(world: World, victim: Victim, stranger: Tenant) -> None:
    before = victim.stored()
    assert before.count("\n") > 10, "the victim has things"
    walked = 0
    for method, path, operation in operations(world):
        if f"{method} {path}" in OWN_NAMES:
            continue
        theirs = tried(stranger.api, method, path, operation, victim, known=True)
        nobodys = tried(stranger.api, method, path, operation, victim, known=False)
        assert theirs == nobodys, (method, path, theirs, nobodys)
        if "{" in path:
            assert {status for status, _ in theirs} <= {404, 403}, (method, path, theirs)
        walked += 1
    assert walked > 30, walked
    assert victim.stored() == before, "something of the victim's has changed"


def test_lists_hold_only_ones_own(world: World, victim: Victim, stranger: Tenant) -> None:
    for method, path, _ in operations(world):
        if method == "GET" and "{" not in path:
            answer = stranger.api.get(path)
            assert answer.status_code == 200, explain(answer)
            for secret in victim.secrets():
                assert secret not in answer.text, (path, secret)


def test_a_name_of_ones_own_makes_ones_own(world: World, victim: Victim, stranger: Tenant) -> None:
    before = victim.stored()
    for path, body in (
        (f"/api/templates/{victim.template}", {"body": "mine"}),
        (f"/api/agents/{victim.agent}", {"name": "Mine", "sms": {"url": "https://example.com/hook"}}),
    ):
        good(stranger.api.put(path, body))
    assert victim.stored() == before
