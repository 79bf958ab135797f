"""Provider management: eight actions, secrets that go in and never out, and accounts that work."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import pytest
import requests

from world import Api, Tenant, World, contact, eventually, explain, problem, words

ALL = ["twilio", "signalwire", "telnyx", "retell"]


class Accounts:
    """Provider management as one tenant's administrator, and an account of the tenant's own at the simulator."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self.world, self.tenant = world, tenant
        self.api = Api(world.url, world.token(tenant.name, ["tenant-admin"]), world.contract)
        self.sid, self.token = "AC" + secrets.token_hex(16), secrets.token_hex(16)
        world.sim.call("POST", "/accounts", {"provider": "twilio", "sid": self.sid, "auth_token": self.token})

    def ask(self, action: str, **more: Any) -> Any:
        return self.api.post("/api/provider-management", {"action": action, **more})

    def good(self, action: str, **more: Any) -> dict[str, Any]:
        answer = self.ask(action, **more)
        assert answer.status_code in (200, 201), explain(answer)
        return answer.json()

    def config(self, **more: Any) -> dict[str, Any]:
        base = self.world.stack["simulator"] + "/twilio"
        return {"account_sid": self.sid, "auth_token": self.token, "display_name": "Our own", "api_base": base, **more}

    def add(self, **more: Any) -> str:
        return self.good("add_provider", provider_type="twilio", config=self.config(**more))["provider"]["id"]


@pytest.fixture
def accounts(world: World, tenant: Tenant) -> Accounts:
    return Accounts(world, tenant)


def test_every_provider_is_there_and_connected(world: World) -> None:
    listed = world.admin.post("/api/provider-management", {"action": "list_providers"}).json()["providers"]
    by_type = {entry["provider_type"]: entry for entry in listed if entry.get("scope") == "platform"}
    assert set(by_type) == set(ALL)
    assert by_type["retell"]["capabilities"]["sms"] is False and by_type["retell"]["capabilities"]["agents"] is True
    for name in ALL:
        answer = world.admin.post("/api/provider-management", {"action": "test_connection", "provider_type": name})
        assert answer.status_code == 200, explain(answer)


def test_secrets_go_in_and_never_out(accounts: Accounts) -> None:
    id = accounts.add(next_auth_token="next-" + accounts.token)
    answers = [accounts.ask("list_providers"), accounts.ask("test_connection", provider_id=id),
               accounts.ask("update_provider", provider_id=id, config={"display_name": "Renamed"}), accounts.ask("list_numbers")]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 200, explain(answer)
        assert accounts.token not in answer.text, explain(answer)
    stored = json.dumps(accounts.world.stored(id), default=str)
    assert accounts.sid in stored or id in stored
    assert accounts.token not in stored


def test_a_tenants_own_account_sends_receives_and_is_not_charged(world: World, accounts: Accounts) -> None:
    id, own, phone = accounts.add(), "+1803555" + str(secrets.randbelow(7000) + 2000), contact()
    world.sim.number("twilio", accounts.sid, own, sms_url=f"{world.url}/api/webhooks/twilio/sms")
    imported = accounts.good("import_number", provider_id=id, number=own)
    assert imported["number"]["phone_number" if "phone_number" in imported["number"] else "number"] == own
    again = accounts.good("sync_numbers", provider_id=id)
    assert again["imported"] == 0 and again["nextCursor"] is None, again
    world.sim.text(phone, own, words())
    accounts.tenant.api.received(phone)
    sent = accounts.tenant.api.send(to=phone, message=words())
    assert accounts.tenant.api.settled(sent["id"])["providerAccountId"] == id
    assert accounts.tenant.api.wallet()["balance"] == 0
    in_use = accounts.ask("delete_provider", provider_id=id)
    assert in_use.status_code == 409, explain(in_use)


def test_rotation_needs_no_downtime(world: World, accounts: Accounts) -> None:
    id, own, phone = accounts.add(), "+1804555" + str(secrets.randbelow(7000) + 2000), contact()
    world.sim.number("twilio", accounts.sid, own, sms_url=f"{world.url}/api/webhooks/twilio/sms")
    accounts.good("import_number", provider_id=id, number=own)
    world.sim.text(phone, own, words())
    new = secrets.token_hex(16)
    accounts.good("update_provider", provider_id=id, config={"next_auth_token": new})
    # A process that has read the keys in the last ten seconds does not read them again.
    told = time.monotonic()
    eventually(lambda: time.monotonic() - told > 11)
    world.sim.call("POST", f"/accounts/{accounts.sid}/rotate", {"auth_token": new})
    world.sim.text(phone, own, words())
    accounts.tenant.api.received(phone, count=2)

    def first_use() -> str:
        listed = accounts.good("list_providers")["providers"]
        [entry] = [entry for entry in listed if entry.get("id") == id]
        return entry["next_key_first_used_at"]

    assert eventually(first_use)
    accounts.good("update_provider", provider_id=id, config={"auth_token": new, "next_auth_token": ""})
    world.sim.text(phone, own, words())
    accounts.tenant.api.received(phone, count=3)


def test_a_wrong_key_is_said_to_be_that(accounts: Accounts) -> None:
    id = accounts.add(auth_token=secrets.token_hex(16))
    # Asked without the client that takes every 5xx for a failure of ours.
    answer = requests.post(
        accounts.world.url + "/api/provider-management", json={"action": "test_connection", "provider_id": id},
        headers={"Authorization": f"Bearer {accounts.api.token}"}, timeout=40,
    )  # fmt: skip
    refused = problem(answer, 502, "PROVIDER_REJECTED")
    assert refused["provider"]["name"] == "twilio"
    accounts.good("delete_provider", provider_id=id)
    problem(accounts.ask("test_connection", provider_id=id), 422, "PROVIDER_NOT_FOUND")


def test_bad_input_names_the_member(accounts: Accounts) -> None:
    ask, config = accounts.ask, accounts.config
    for body, field in (
        ({"action": "add_provider", "config": config()}, "provider_type"),
        ({"action": "add_provider", "provider_type": "pigeon", "config": config()}, "provider_type"),
        ({"action": "add_provider", "provider_type": "twilio", "config": config(account_sid="x")}, "config.account_sid"),
        ({"action": "add_provider", "provider_type": "twilio", "config": config(wings=2)}, "config.wings"),
        ({"action": "add_provider", "provider_type": "twilio", "config": config(priority=0)}, "config.priority"),
        ({"action": "add_provider", "provider_type": "twilio", "config": config(api_base="https://evil.example")}, "config.api_base"),
        ({"action": "add_provider", "provider_type": "twilio", "config": config(certificate_id="c")}, "config.certificate_id"),
        ({"action": "add_provider", "provider_type": "signalwire", "config": {"project_id": "x", "token": "t", "space_url": "evil.example"}}, "config.space_url"),
    ):
        answer = accounts.api.post("/api/provider-management", body)
        assert answer.status_code == 400 and answer.json()["code"] == "VALIDATION_FAILED", explain(answer)
        assert field in [error["field"] for error in answer.json()["errors"]], explain(answer)
    assert ask("fly").status_code == 400
    problem(ask("import_number", provider_type="twilio", number="12"), 400, "INVALID_NUMBER")
    assert [entry for entry in accounts.good("list_providers")["providers"] if entry.get("scope") == "tenant"] == []


def test_users_read_and_administrators_act(world: World, accounts: Accounts) -> None:
    user = accounts.tenant.api
    assert user.post("/api/provider-management", {"action": "list_providers"}).status_code == 200
    problem(user.post("/api/provider-management", {"action": "add_provider", "provider_type": "twilio", "config": accounts.config()}), 403, "FORBIDDEN")
    refused = accounts.ask("update_provider", provider_id="platform-twilio", config={"active": False})
    assert refused.status_code in (403, 422), explain(refused)


def test_a_provider_without_an_account_is_not_configured(world: World, accounts: Accounts) -> None:
    body = {"action": "add_provider", "provider_type": "telnyx", "config": {"api_key": "KEY" + secrets.token_hex(8), "display_name": "No webhooks"}}
    made = accounts.api.post("/api/provider-management", body)
    assert made.status_code in (200, 201) and made.json()["provider"]["webhooks"] == "unverifiable", explain(made)


def test_the_same_key_adds_once(accounts: Accounts) -> None:
    body = {"action": "add_provider", "provider_type": "twilio", "config": accounts.config()}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    ids = {accounts.api.post("/api/provider-management", body, headers=key).json()["provider"]["id"] for _ in range(3)}
    assert len(ids) == 1
    other = accounts.api.post("/api/provider-management", {**body, "config": accounts.config(display_name="x")}, headers=key)
    problem(other, 422, "IDEMPOTENCY_MISMATCH")


def test_a_number_of_another_provider_reaches_retell(world: World, tenant: Tenant) -> None:
    own = tenant.number("twilio")
    trunk = {"termination_uri": "demo.pstn.twilio.com", "username": "u", "password": secrets.token_hex(8)}
    body = {"action": "import_number", "provider_type": "retell", "number": own, "tenant_id": tenant.name, "trunk": trunk}
    answer = world.admin.post("/api/provider-management", body)
    assert answer.status_code == 200, explain(answer)
    assert trunk["password"] not in answer.text
    held = world.admin.post("/api/provider-management", {"action": "import_number", "provider_type": "twilio", "number": own, "tenant_id": tenant.name, "trunk": trunk})
    problem(held, 422, "CAPABILITY_MISSING", "trunk")
