"""Where events go: numbers that somebody pointed elsewhere are found, and brought back where they are ours."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from typing import Any

import pytest
import requests

from test_providers import Accounts
from world import ROOT, Api, Tenant, World, contact, explain, problem, words

DEMO = "https://demo.twilio.com/welcome/sms/reply/"
REPAIR = "/api/numbers/repair-webhooks"


@pytest.fixture
def own(world: World, tenant: Tenant) -> Accounts:
    return Accounts(world, tenant)


def point(accounts: Accounts, number: str, **settings: str) -> None:
    """What a person does in Twilio's console."""
    base = f"{accounts.world.stack['simulator']}/twilio/2010-04-01/Accounts/{accounts.sid}/IncomingPhoneNumbers"
    login = (accounts.sid, accounts.token)
    [found] = requests.get(f"{base}.json", params={"PhoneNumber": number}, auth=login, timeout=30).json()["incoming_phone_numbers"]
    answer = requests.post(f"{base}/{found['sid']}.json", data=settings, auth=login, timeout=30)
    assert answer.ok, answer.text


def held(accounts: Accounts, id: str, *, mark: str | None = None) -> str:
    number = accounts.tenant.fresh_number()
    accounts.world.sim.number("twilio", accounts.sid, number)
    accounts.good("import_number", provider_id=id, number=number)
    if mark:
        point(accounts, number, FriendlyName=mark)
    return number


def repair(world: World, **body: Any) -> dict[str, Any]:
    answer = world.admin.post(REPAIR, body)
    assert answer.status_code == 200, explain(answer)
    return answer.json()


def test_a_number_that_went_elsewhere_comes_back(world: World, own: Accounts) -> None:
    id, phone = own.add(), contact()
    ours = held(own, id, mark=f"tandem:{world.stack['stackName']}:01JDEM00000000000000000001")
    imported = held(own, id)
    asked = {"tenantId": own.tenant.name, "provider": "twilio"}
    first = repair(world, **asked)
    assert (first["checked"], first["unmanaged"], first["unavailable"], first["nextCursor"]) == (2, 0, [], None)
    assert {(drift["phoneNumber"], drift["repaired"]) for drift in first["drifted"]} == {(ours, True), (imported, False)}
    world.sim.text(phone, ours, words())
    own.tenant.api.received(phone)

    point(own, ours, SmsUrl=DEMO, VoiceUrl=f"{world.url}/twilio/voice?agentId=7", StatusCallback="")
    before = repair(world, dryRun=True, **asked)
    wrong = {drift["field"]: drift["reason"] for drift in before["drifted"] if drift["phoneNumber"] == ours}
    assert wrong == {"sms_url": "demo", "voice_url": "old_url", "status_callback": "missing"}
    assert repair(world, dryRun=True, **asked) == before
    done = repair(world, **asked)
    assert [{**drift, "repaired": False} for drift in done["drifted"]] == before["drifted"]
    assert all(drift["repaired"] == drift["repairable"] == (drift["phoneNumber"] == ours) for drift in done["drifted"])
    assert {drift["phoneNumber"] for drift in repair(world, **asked)["drifted"]} == {imported}
    world.sim.text(phone, ours, words())
    own.tenant.api.received(phone, count=2)


def test_only_the_platform_may(world: World, tenant: Tenant) -> None:
    for groups in ([], ["tenant-admin"]):
        problem(Api(world.url, world.token(tenant.name, groups), world.contract).post(REPAIR, {"dryRun": True}), 403, "FORBIDDEN")


def test_a_list_goes_on_where_it_stopped_and_nowhere_else(world: World) -> None:
    for cursor in ("x", "e30", secrets.token_urlsafe(40)):
        problem(world.admin.post(REPAIR, {"dryRun": True, "cursor": cursor}), 400, "VALIDATION_FAILED", "cursor")


def test_the_doctor_says_what_it_found(world: World, own: Accounts) -> None:
    tandem = os.environ.get("TANDEM_BIN", ROOT / "target" / "debug" / "tandem")
    id = own.add()
    ours = held(own, id, mark=f"tandem:{world.stack['stackName']}:01JDEM00000000000000000001")
    environment = {"PATH": "/usr/bin:/bin", "TANDEM_API": world.url, "TANDEM_TOKEN": world.admin.token or ""}

    def doctor(*more: str) -> tuple[int, str]:
        ran = subprocess.run([tandem, "doctor", "--tenant", own.tenant.name, *more], env=environment, capture_output=True, text=True, timeout=120)
        assert ran.returncode < 2, ran.stderr
        return ran.returncode, ran.stdout

    code, said = doctor("--provider", "twilio")
    assert code == 1 and ours in said and "sms_url" in said, said
    code, said = doctor("--repair")
    assert code == 0 and "repaired" in said, said
    code, said = doctor()
    assert code == 0 and ours not in said, said
    refused = subprocess.run([tandem, "doctor"], env={**environment, "TANDEM_TOKEN": json.dumps("x")}, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1 and "401" in refused.stderr, refused.stderr
