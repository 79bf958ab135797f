"""Requests that are wrong: each refused with 400 or 422 that names the member, none with a 5xx, none half obeyed."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from world import Api, World, contact, explain, problem, words

VALID: dict[str, dict[str, Any]] = {
    "POST /api/sms/send": {"to": "+14155552671", "message": "hello"},
    "POST /api/messages/preview": {"message": "hello"},
    "POST /api/wallet/deposit": {"amount": 1, "reference": "never deposited"},
    "PUT /api/wallet/spend-cap": {"daily": None, "monthly": None},
    "POST /api/templates": {"id": "never-made", "body": "hello"},
    "PUT /api/templates/never-made": {"body": "hello"},
    "POST /api/opt-outs": {"contact": "+14155552671"},
    "PUT /api/clients/never-bound": {"tenantId": "demo"},
    "POST /api/route/explain": {"to": "+14155552671"},
    "POST /api/numbers/repair-webhooks": {"dryRun": True, "provider": "retell"},
}
ABSENT = object()
LONG = "x" * 1601

# Endpoint, what is changed about a valid body, the member that the answer names.
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("POST /api/sms/send", {"to": ABSENT}, "to"),
    *[("POST /api/sms/send", {"to": bad}, "to") for bad in ("", " ", "x", "123", "+1", "+1555", "+999999999999", "+1415555267x", "+14155552671;ext=5", "tel:+14155552671", "12345", "+14155552671,+14155552672", "9" * 400, "+\u0661\u0662\u0663", "'; DROP TABLE", "+14155552671\x00")],
    *[("POST /api/sms/send", {"to": bad}, "to") for bad in (None, 1, True, [], {}, ["+14155552671"])],
    ("POST /api/sms/send", {"message": ABSENT}, "message"),
    *[("POST /api/sms/send", {"message": bad}, "message") for bad in ("", "   ", "\n", LONG, "😀" * 1601, "a\x00b", 1, [], {})],
    ("POST /api/sms/send", {"message": "x", "templateId": "t"}, "templateId"),
    ("POST /api/sms/send", {"message": ABSENT, "templateId": "there is none"}, "templateId"),
    ("POST /api/sms/send", {"message": ABSENT, "templateId": "none"}, "templateId"),
    ("POST /api/sms/send", {"message": ABSENT, "templateId": 7}, "templateId"),
    ("POST /api/sms/send", {"variables": {"a": "b"}}, "variables"),
    ("POST /api/sms/send", {"message": ABSENT, "templateId": "none", "variables": []}, "variables"),
    ("POST /api/sms/send", {"message": ABSENT, "templateId": "none", "variables": {"a": 1}}, "variables.a"),
    *[("POST /api/sms/send", {"from": bad}, "from") for bad in ("", "x", "ACME", "+1", "+14155559999", 5, [])],
    *[("POST /api/sms/send", {"mediaUrl": bad}, "mediaUrl") for bad in ("https://example.com/a.png", 1, {})],
    *[("POST /api/sms/send", {"mediaUrl": [bad]}, "mediaUrl[0]") for bad in ("", "a.png", "ftp://example.com/a", "https://", "https://user:pw@example.com/a", "javascript:alert(1)", "file:///etc/passwd", "data:image/png;base64,AAAA", "https://example.com/" + "a" * 2100, 1, None)],
    ("POST /api/sms/send", {"mediaUrl": ["https://example.com/a", "x"]}, "mediaUrl[1]"),
    ("POST /api/sms/send", {"mediaUrl": ["https://example.com/a"] * 11}, "mediaUrl"),
    *[("POST /api/sms/send", {"leadId": bad}, "leadId") for bad in ("", "a b", "x" * 129, "a/b", 5)],
    *[("POST /api/sms/send", {"purpose": bad}, "purpose") for bad in ("", "spam", "OTP", 1, [])],
    *[("POST /api/sms/send", {"providerOverride": bad}, "providerOverride") for bad in ("", "acme", "Twilio", 1)],
    ("POST /api/sms/send", {"providerAccountId": "nobody"}, "providerAccountId"),
    *[("POST /api/sms/send", {"sendAt": bad}, "sendAt") for bad in ("", "tomorrow", "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-12-01", 1764547200, "9" * 50)],
    *[("POST /api/sms/send", {"sendBefore": bad}, "sendBefore") for bad in ("", "later", "2020-01-01T00:00:00Z", 5)],
    ("POST /api/sms/send", {"agentId": "a1"}, "agentId"),
    ("POST /api/sms/send", {"unknown": 1}, "unknown"),
    ("POST /api/sms/send", {"Message": "x"}, "Message"),
    ("POST /api/sms/send", {"media_url": []}, "media_url"),
    *[("POST /api/route/explain", {"to": bad}, "to") for bad in (ABSENT, "", "x", "+1", 5, [])],
    *[("POST /api/route/explain", {"from": bad}, "from") for bad in ("", "ACME", "+14155559999", 5)],
    *[("POST /api/route/explain", {"capabilities": bad}, "capabilities") for bad in ([], "sms", 5)],
    *[("POST /api/route/explain", {"capabilities": [bad]}, "capabilities[0]") for bad in ("", "fax", "SMS", 5)],
    *[("POST /api/route/explain", {"localPresence": bad}, "localPresence") for bad in ("yes", 1)],
    *[("POST /api/route/explain", {"signedCall": bad}, "signedCall") for bad in ("yes", 1)],
    *[("POST /api/route/explain", {"providerOverride": bad}, "providerOverride") for bad in ("", "acme", "Twilio", 1)],
    *[("POST /api/route/explain", {"providerAccountId": bad}, "providerAccountId") for bad in ("", "a b", 5)],
    *[("POST /api/route/explain", {"messageId": bad}, "messageId") for bad in ("", "x", 5)],
    *[("POST /api/route/explain", {"to": ABSENT, "messageId": bad}, "messageId") for bad in ("", "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", 5)],
    ("POST /api/route/explain", {"purpose": "otp"}, "purpose"),
    *[("POST /api/numbers/repair-webhooks", {"dryRun": bad}, "dryRun") for bad in ("true", 1, [], {})],
    *[("POST /api/numbers/repair-webhooks", {"provider": bad}, "provider") for bad in ("", "acme", "Twilio", 1)],
    *[("POST /api/numbers/repair-webhooks", {"tenantId": bad}, "tenantId") for bad in ("", "a b", "a#b", "x" * 65, 5)],
    *[("POST /api/numbers/repair-webhooks", {"cursor": bad}, "cursor") for bad in ("", "x", "e30", "x" * 5000, 5)],
    ("POST /api/numbers/repair-webhooks", {"dryrun": True}, "dryrun"),
    ("POST /api/messages/preview", {"message": ABSENT}, "message"),
    *[("POST /api/messages/preview", {"message": bad}, "message") for bad in ("", LONG, "\x00", 1, {})],
    *[("POST /api/messages/preview", {"to": bad}, "to") for bad in ("", "x", "+1", 5)],
    ("POST /api/messages/preview", {"templateId": "none"}, "templateId"),
    ("POST /api/messages/preview", {"mediaUrl": ["x"]}, "mediaUrl[0]"),
    ("POST /api/messages/preview", {"from": "+14155552671"}, "from"),
    ("POST /api/wallet/deposit", {"amount": ABSENT}, "amount"),
    *[("POST /api/wallet/deposit", {"amount": bad}, "amount") for bad in ("5", "", None, True, 0, -1, -0.0000001, 0.0000001, 1.2345678, 1000001, 1e30, [], {}, [5])],
    ("POST /api/wallet/deposit", {"reference": ABSENT}, "reference"),
    *[("POST /api/wallet/deposit", {"reference": bad}, "reference") for bad in ("", "   ", "x" * 201, 5, None)],
    *[("POST /api/wallet/deposit", {"tenantId": bad}, "tenantId") for bad in ("", "a b", "a#b", "x" * 65, 5, {})],
    ("POST /api/wallet/deposit", {"currency": "EUR"}, "currency"),
    *[("PUT /api/wallet/spend-cap", {cap: bad}, cap) for cap in ("daily", "monthly") for bad in (ABSENT, "5", "", True, -1, -0.000001, 0.0000001, 1.2345678, 1e30, 9999999999999, [], {}, [5])],
    *[("PUT /api/wallet/spend-cap", {"tenantId": bad}, "tenantId") for bad in ("", "a b", "a#b", "x" * 65, 5, {})],
    ("PUT /api/wallet/spend-cap", {"weekly": 5}, "weekly"),
    ("POST /api/templates", {"id": ABSENT}, "id"),
    *[("POST /api/templates", {"id": bad}, "id") for bad in ("", "a b", "a/b", "a#b", "x" * 65, "ü", 5, None)],
    *[("POST /api/templates", {"body": bad}, "body") for bad in (ABSENT, "", "  ", LONG, "{{", "{{ }}", "{{a b}}", "{{1}}", 5, None)],
    *[("POST /api/templates", {"optOutLine": bad}, "optOutLine") for bad in ("true", 1, [])],
    ("POST /api/templates", {"variables": []}, "variables"),
    ("PUT /api/templates/never-made", {"id": "another"}, "id"),
    *[("PUT /api/templates/never-made", {"body": bad}, "body") for bad in (ABSENT, "", LONG, "{{", 5)],
    ("PUT /api/templates/never-made", {"x": 1}, "x"),
    *[("POST /api/opt-outs", {"contact": bad}, "contact") for bad in (ABSENT, "", "x", "+1", "ACME", 5, None, [])],
    *[("POST /api/opt-outs", {"note": bad}, "note") for bad in ("x" * 501, 5, [])],
    ("POST /api/opt-outs", {"channel": "sms"}, "channel"),
    *[("PUT /api/clients/never-bound", {"tenantId": bad}, "tenantId") for bad in (ABSENT, "", "a b", "x" * 65, 5, None)],
    ("PUT /api/clients/never-bound", {"roles": ["admin"]}, "roles"),
]  # fmt: skip


def name_of(case: Any) -> str:
    if isinstance(case, dict):
        return ",".join(f"{key}={'absent' if value is ABSENT else repr(value)[:30]}" for key, value in case.items())
    return str(case)


def call(api: Api, endpoint: str, **options: Any) -> Any:
    method, path = endpoint.split(" ")
    return api.request(method, path, **options)


@pytest.mark.parametrize("endpoint, change, field", BAD, ids=name_of)
def test_a_wrong_member_is_named(world: World, endpoint: str, change: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {**VALID[endpoint], **change}.items() if value is not ABSENT}
    answer = call(world.admin, endpoint, json=body)
    assert answer.status_code in (400, 422), explain(answer)
    assert answer.headers["content-type"].startswith("application/problem+json"), explain(answer)
    assert field in [error["field"] for error in answer.json().get("errors", [])], explain(answer)
    assert "at line" not in answer.text and "src/" not in answer.text and "panicked" not in answer.text


MALFORMED = {
    "nothing": b"", "no JSON": b"hello", "half": b'{"to":', "a list": b"[]", "a text": b'"x"', "null": b"null", "a number": b"5",
    "two values": b"{} {}", "a comma": b'{"a":1,}', "not UTF-8": b'{"a":"\xff\xfe"}', "a lone surrogate": b'{"a":"\\ud800"}',
    "deep lists": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a raw control character": b'{"a":"\x01"}', "NaN": b'{"a":NaN}', "a byte order mark": b"\xef\xbb\xbf{}",
    "a form": b"to=%2B14155552671&message=x", "XML": b"<?xml version='1.0'?><a/>", "a huge number": b'{"a":' + b"9" * 3000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("endpoint", VALID)
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_body_that_is_no_json_object(world: World, endpoint: str, kind: str) -> None:
    answer = call(world.admin, endpoint, data=MALFORMED[kind], headers={"Content-Type": "application/json"})
    body = problem(answer, 400, "VALIDATION_FAILED")
    assert body["errors"] and all(error["field"] and error["message"] for error in body["errors"]), body


@pytest.mark.parametrize("endpoint", VALID)
def test_members_that_come_twice_content_types_and_huge_bodies(world: World, endpoint: str) -> None:
    valid = json.dumps(VALID[endpoint])
    name, value = next(iter(VALID[endpoint].items()))
    twice = valid[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"
    problem(call(world.admin, endpoint, data=twice, headers={"Content-Type": "application/json"}), 400, "VALIDATION_FAILED", name)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = call(world.admin, endpoint, data=valid, headers={"Content-Type": kind})
        problem(answer, 400, "VALIDATION_FAILED", "content-type")
    huge = valid[:-1] + f', "padding": "{"x" * (300 * 1024)}"}}'
    answer = call(world.admin, endpoint, data=huge, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 413), explain(answer)


LISTS = ["/api/messages", "/api/conversations", "/api/wallet/transactions", "/api/templates", "/api/opt-outs"]


@pytest.mark.parametrize("path", LISTS)
def test_bad_pages(user: Api, path: str) -> None:
    for limit in ("0", "-1", "101", "1.5", "x", "", "1e1", "%31%30%30%30", "99999999999999999999", "1&limit=2"):
        problem(user.get(f"{path}?limit={limit}"), 400, "VALIDATION_FAILED", "limit")
    for cursor in ("", "x", "AAAA", "%00", "a" * 3000, "W10", "eyJhIjoxfQ", "..%2F..", "W251bGxd"):
        problem(user.get(f"{path}?cursor={cursor}"), 400, "VALIDATION_FAILED", "cursor")
    problem(user.get(f"{path}?order=asc"), 400, "VALIDATION_FAILED", "order")


IDS = [
    "x", "0", "null", "undefined", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "Z" * 26, "01arz3ndektsv4rrffq69g5fav", "a" * 500, "%00", "%2e%2e",
    "a%2Fb", "a%23b", "%F0%9F%98%80", "%FF%FE", "'%20OR%201=1", "-1", "{id}", "%7B%22S%22%3A1%7D",
]  # fmt: skip


@pytest.mark.parametrize("id", IDS)
def test_bad_ids_in_paths_name_nothing(world: World, id: str) -> None:
    for method, path in (
        ("GET", "/api/messages/{}"), ("POST", "/api/messages/{}/cancel"), ("GET", "/api/messages/{}/media/0"),
        ("GET", "/api/conversations/{}/messages"), ("POST", "/api/conversations/{}/read"), ("GET", "/api/templates/{}"),
        ("DELETE", "/api/templates/{}"), ("GET", "/api/opt-outs/{}"), ("DELETE", "/api/opt-outs/{}"), ("GET", "/api/clients/{}"),
    ):  # fmt: skip
        answer = world.admin.request(method, path.format(id))
        assert answer.status_code in (400, 404), explain(answer)


@pytest.mark.parametrize("n", ["-1", "x", "1e0", "99999999999999999999999", "%30", "0x0", "1"])
def test_bad_places_of_attachments(world: World, n: str) -> None:
    phone = contact()
    world.sim.text(phone, world.demo_number["twilio"], words())
    [message] = world.user.received(phone)
    problem(world.user.get(f"/api/messages/{message['id']}/media/{n}"), 404, "NOT_FOUND")


def test_a_put_to_a_bad_name_makes_nothing(world: World) -> None:
    for name in ("a%20b", "a%23b", "x" * 65, "%FF"):
        problem(world.admin.put(f"/api/templates/{name}", {"body": "x"}), 404, "NOT_FOUND")


def test_nothing_was_obeyed(world: World) -> None:
    assert world.admin.get("/api/templates/never-made").status_code == 404
    assert world.admin.get("/api/clients/never-bound").status_code == 404
    assert "never deposited" not in [entry["reference"] for entry in world.admin.ledger()]


def test_exact_limits_pass(world: World) -> None:
    preview = world.user.post("/api/messages/preview", {"message": "x" * 1600}).json()["preview"]
    assert (preview["characters"], preview["segments"], preview["encoding"]) == (1600, 11, "GSM-7")
    preview = world.user.post("/api/messages/preview", {"message": "😀" * 1600}).json()["preview"]
    assert (preview["characters"], preview["encoding"]) == (1600, "UCS-2")
    for text, segments in (("x" * 160, 1), ("x" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ü" * 70, 1), ("ç" * 70, 1), ("ç" * 71, 2), ("😀" * 35, 1), ("😀" * 36, 2)):
        preview = world.user.post("/api/messages/preview", {"message": text}).json()["preview"]
        assert preview["segments"] == segments, (text[:1], len(text), preview)
    name = secrets.token_hex(32)
    assert world.admin.put(f"/api/templates/{name}", {"body": "x" * 1600}).status_code == 200
    assert world.admin.delete(f"/api/templates/{name}").status_code == 200
