"""Keys are rotated at each provider while 2,000 webhooks come in: nothing genuine is refused, nothing that the retired key
signs is accepted for long, and no secret turns up anywhere.

What the bound rests on: a function keeps an account's keys in memory for at most five minutes (`FRESH`, held by
`shared/aws`'s own tests), whatever it receives. It is shorter by far where anything comes in that none of its keys
fits: then the keys are read anew at once, unless that was done within the last ten seconds. This file makes use of
that instead of waiting for five minutes. Both have the same consequence for the order of a rotation: our side learns
of the next key first, and the provider changes over later than ten seconds after that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from signer import events, wire
from stack import telnyx_public_key as public_key
from world import Api, Tenant, World, at_once, contact, eventually, explain, words

EACH = 500
# Deliveries of each text or event: most webhooks are repetitions, and each happens once.
TIMES = 5
# How long a function that has just read its keys believes them.
SETTLES = 11
NEXT = {"twilio": "next_auth_token", "signalwire": "next_signing_key", "telnyx": "next_public_key", "retell": "next_api_key"}
CURRENT = {name: setting.removeprefix("next_") for name, setting in NEXT.items()}


def seed_of(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass
class Account:
    """A tenant's own account at one provider: what it is there, and what we were told of it."""

    world: World
    tenant: Tenant
    provider: str
    sid: str
    old: str
    new: str
    config: dict[str, Any]
    id: str = ""
    number: str = ""
    # What no log, no item and no answer may show.
    secrets: list[str] = field(default_factory=list)

    def setting(self, key: str) -> str:
        return public_key(key) if self.provider == "telnyx" else key

    def change(self, **config: str) -> dict[str, Any]:
        body = {"action": "update_provider", "provider_id": self.id, "config": config}
        return manage(self.tenant.admin, body)["provider"]

    def shown(self) -> dict[str, Any]:
        listed = manage(self.tenant.admin, {"action": "list_providers"})["providers"]
        [entry] = [entry for entry in listed if entry["id"] == self.id]
        return entry

    def rotate_at_provider(self) -> None:
        member = {"twilio": "auth_token", "signalwire": "signing_key", "telnyx": "signing_seed", "retell": "auth_token"}[self.provider]
        self.world.sim.call("POST", f"/accounts/{self.sid}/rotate", {member: self.new})

    def post(self, params: dict[str, str] | str, key: str | None = None) -> requests.Response:
        """Signed by the provider with the key that it has now, or with another one."""
        url = self.world.webhook(self.provider)
        body, content_type = (params, "application/json") if isinstance(params, str) else wire(params)
        to_sign = {"provider": self.provider, "url": url, "body": body, "content_type": content_type}
        signed = self.world.sim.call("POST", "/sign", {**to_sign, **({"key": key} if key else {"account": self.sid})})
        return self.world.post_body(url, signed["body"], {"Content-Type": content_type, **dict(signed["headers"])})


def manage(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/api/provider-management", body)
    assert answer.status_code in (200, 201), explain(answer)
    return answer.json()


def account(world: World, tenant: Tenant, provider: str) -> Account:
    """A new account at the simulator with one number, added and imported through the API."""
    token, new = secrets.token_hex(16), secrets.token_hex(16)
    base = f"{world.stack['simulator']}/{provider}"
    made: dict[str, Any] = {"provider": provider}
    if provider == "twilio":
        sid, old = "AC" + secrets.token_hex(16), token
        made |= {"auth_token": token}
        config = {"account_sid": sid, "auth_token": token}
    elif provider == "signalwire":
        sid, old, new, token = str(uuid.uuid4()), "PSK_" + token, "PSK_" + new, "PT" + secrets.token_hex(24)
        made |= {"auth_token": token, "signing_key": old}
        config = {"project_id": sid, "token": token, "space_url": "rotation.signalwire.com", "signing_key": old}
    elif provider == "telnyx":
        sid, old, new, token = str(uuid.uuid4()), seed_of(token), seed_of(new), "KEY" + secrets.token_hex(16)
        made |= {"auth_token": token, "signing_seed": old}
        config = {"api_key": token, "public_key": public_key(old), "account_id": sid}
    else:
        sid, old, new = "org_" + secrets.token_hex(8), "key_" + token, "key_" + new
        token = old
        made |= {"auth_token": old}
        config = {"api_key": old}
    world.sim.call("POST", "/accounts", {"sid": sid, **made})
    own = Account(world, tenant, provider, sid, old, new, {**config, "api_base": base}, secrets=[token, old, new])
    own.number = tenant.fresh_number()
    own.id = manage(tenant.admin, {"action": "add_provider", "provider_type": provider, "config": own.config})["provider"]["id"]
    asked: dict[str, Any] = {"action": "import_number", "provider_id": own.id, "number": own.number}
    if provider == "retell":
        password = secrets.token_hex(16)
        own.secrets.append(password)
        asked["trunk"] = {"termination_uri": "rotation.pstn.twilio.com", "username": "trunk", "password": password}
    else:
        world.sim.number(provider, sid, own.number)
    manage(tenant.admin, asked)
    return own


class Load:
    """Webhooks of one account, sent by several threads; each answer is kept with the key that was in force."""

    def __init__(self, own: Account) -> None:
        self.own, self.lock = own, threading.Lock()
        self.answers: list[requests.Response] = []
        self.generation, self.under_way = 0, Counter[int]()
        self.begun, self.changed_over = 0, threading.Event()
        phones = [contact() for _ in range(10)]
        distinct = [self.event(n, phones) for n in range(EACH // TIMES)]
        self.waiting = distinct * TIMES
        random.shuffle(self.waiting)

    def event(self, n: int, phones: list[str]) -> dict[str, str] | str:
        own, phone = self.own, phones[n % len(phones)]
        if own.provider != "retell":
            params = own.world.signer.inbound(own.provider, phone, own.number, words(str(n)))
            return params | {"AccountSid": own.sid}
        call = events.retell_call(
            events.World(phone=phone, numbers={"retell": own.number}), call_id=f"call_{secrets.token_hex(14)}",
            call_status="ended", end_timestamp=events.AT_MILLIS + 61_000, duration_ms=61_000, disconnection_reason="user_hangup",
        )  # fmt: skip
        return json.dumps({"event": "call_ended", "call": call})

    def one(self, event: dict[str, str] | str) -> None:
        with self.lock:
            self.begun += 1
            second_half = self.begun > EACH // 2
        if second_half:
            # However fast the machine: half of them are signed with the new key.
            assert self.changed_over.wait(180), "the provider never changed over"
        with self.lock:
            generation = self.generation
            self.under_way[generation] += 1
        answer = self.own.post(event)
        with self.lock:
            self.answers.append(answer)
            self.under_way[generation] -= 1

    def count(self) -> int:
        with self.lock:
            return len(self.answers)

    def drained(self) -> bool:
        """What may have been signed before the change at the provider has been answered."""
        with self.lock:
            return sum(count for generation, count in self.under_way.items() if generation < self.generation) == 0

    def rotate(self) -> None:
        """The order of docs/operations.md, at some moments of the load."""
        own = self.own
        eventually(lambda: self.count() > EACH // 10, 120)
        own.change(**{NEXT[own.provider]: own.setting(own.new)})
        set_at = time.monotonic()
        eventually(lambda: time.monotonic() - set_at > SETTLES and self.count() > EACH // 4, 120)
        own.rotate_at_provider()
        with self.lock:
            self.generation += 1
        self.changed_over.set()
        eventually(lambda: self.drained() and self.count() > EACH // 2, 120)
        # What tells an operator that the old key can be retired.
        eventually(lambda: own.shown()["next_key_first_used_at"])
        own.change(**{CURRENT[own.provider]: own.setting(own.new), NEXT[own.provider]: ""})


@dataclass
class Rotated:
    tenant: Tenant
    loads: dict[str, Load]
    # What our own API has answered.
    answers: list[requests.Response]


@pytest.fixture(scope="module")
def rotated(world: World) -> Rotated:
    """All four, rotated under load."""
    tenant = world.tenant()
    seen: list[requests.Response] = []
    for api in (tenant.api, tenant.admin):
        api.session.hooks["response"].append(lambda answer, **_: seen.append(answer) or None)
    loads = {provider: Load(account(world, tenant, provider)) for provider in NEXT}
    # One after the other of each provider, so that all four are under load all the time.
    work = [(load, load.waiting[n]) for n in range(EACH) for load in loads.values()]
    with ThreadPoolExecutor(4) as rotations:
        changes = [rotations.submit(load.rotate) for load in loads.values()]
        at_once((lambda load=load, event=event: load.one(event) for load, event in work), workers=12)
        for change in changes:
            change.result()
    return Rotated(tenant, loads, seen)


def test_nothing_genuine_is_refused_while_keys_rotate(rotated: Rotated) -> None:
    for provider, load in rotated.loads.items():
        assert Counter(answer.status_code for answer in load.answers) == {200: EACH}, provider
        assert load.generation == 1 and load.drained()


def test_what_came_in_meanwhile_is_there_once(world: World, rotated: Rotated) -> None:
    tenant = rotated.tenant
    sent = {event["MessageSid"] for load in rotated.loads.values() for event in load.waiting if isinstance(event, dict)}

    def stored() -> bool:
        sids = [message["providerSid"] for message in tenant.api.pages("/api/messages")]
        assert Counter(sids) == Counter(sent), (len(sids), len(sent))
        return True

    eventually(stored, 60, interval=2)
    legs = [item for item in world.stored(f"T#{tenant.name}#K#") if item["ent"]["S"] == "leg"]
    assert len(legs) == EACH // TIMES and {leg["st"]["S"] for leg in legs} == {"completed"}


def test_after_the_promotion_there_is_one_key(rotated: Rotated) -> None:
    for load in rotated.loads.values():
        shown = load.own.shown()
        assert not shown["config"].get(NEXT[load.own.provider]) and shown["next_key_first_used_at"] is None, shown


@pytest.mark.parametrize("provider", list(NEXT))
def test_the_retired_key_is_soon_worth_nothing(rotated: Rotated, provider: str) -> None:
    load = rotated.loads[provider]
    own = load.own

    def event() -> dict[str, str] | str:
        return load.event(0, [contact()])

    def answers(key: str, count: int, workers: int) -> Counter[int]:
        return Counter(answer.status_code for answer in at_once(((lambda: own.post(event(), key=key)) for _ in range(count)), workers))

    def refused() -> bool:
        # What no key fits makes each process that gets it read its keys anew; as many at a time as there were under
        # load, so that all of them get some.
        assert answers(seed_of("nobody's"), 32, 16) == {403: 32}
        found = answers(own.old, 32, 16)
        assert found == {403: 32}, found
        return True

    eventually(refused, 120, interval=1)
    assert answers(own.old, 24, 8) == {403: 24}
    genuine = at_once(((lambda: own.post(event())) for _ in range(8)), workers=8)
    assert {answer.status_code for answer in genuine} == {200}


def test_no_secret_is_in_any_log_item_or_answer(world: World, rotated: Rotated) -> None:
    tenant = rotated.tenant
    hook = f"{world.stack['simulator']}/_hooks/{secrets.token_hex(4)}"
    made = tenant.admin.post("/api/event-endpoints", {"url": hook, "events": ["number.*"]})
    planted = {f"{provider} {n}": secret for provider, load in rotated.loads.items() for n, secret in enumerate(load.own.secrets)}
    assert made.status_code == 201, explain(made)  # Shown once, to whoever made it.
    planted["endpoint"] = made.json()["endpoint"]["secret"]
    assert tenant.admin.get(f"/api/event-endpoints/{made.json()['endpoint']['id']}").status_code == 200
    for load in rotated.loads.values():
        manage(tenant.admin, {"action": "test_connection", "provider_id": load.own.id})
        manage(tenant.admin, {"action": "list_numbers", "provider_id": load.own.id})
    known = world.stack["credentials"]
    for name in ("TwilioAuthToken", "SignalwireToken", "SignalwireSigningKey", "TelnyxApiKey", "RetellApiKey"):
        planted[name] = known[name]
    planted["telnyx seed"] = world.stack["telnyxSeed"]

    answers = [answer.text for load in rotated.loads.values() for answer in load.answers]
    answers += [answer.text for answer in rotated.answers if answer is not made]
    places = {
        "an answer": "\n".join(answers),
        "the table": "\n".join(json.dumps(item, default=repr) for item in world.stored("")),
        "a log": "\n".join(line for group in world.stack["logGroups"] for line in world.log(group)),
    }  # fmt: skip
    assert all(len(text) > 10_000 for text in places.values()), {place: len(text) for place, text in places.items()}
    for name, secret in planted.items():
        for spelled in {secret, base64.b64encode(secret.encode()).decode().rstrip("=")}:
            for place, text in places.items():
                at = text.find(spelled)
                assert at < 0, f"{name} is in {place}: {text[max(0, at - 200) : at]}"
