"""Signatures of calls: what the API signs verifies with another library, and what was altered verifies with none."""

from __future__ import annotations

import base64
import json
import secrets
import string
import time
import uuid
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509

import seed
from world import Tenant, World, contact, explain, problem


@pytest.fixture(scope="module")
def tenant(world: World) -> Tenant:
    return world.tenant()


@pytest.fixture(scope="module")
def ours(tenant: Tenant) -> str:
    return tenant.number("twilio")


def signed(tenant: Tenant, shown: str, called: str) -> dict[str, Any]:
    answer = tenant.api.post("/api/stir/sign", {"from": shown, "to": called})
    assert answer.status_code == 200, explain(answer)
    return answer.json()


def verified(tenant: Tenant, identity: str, shown: str, called: str, **more: Any) -> dict[str, Any]:
    answer = tenant.api.post("/api/stir/verify", {"identity": identity, "from": shown, "to": called, **more})
    assert answer.status_code == 200, explain(answer)
    return answer.json()


def certificate(url: str) -> str:
    """Fetched as a stranger does: no token."""
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 200, explain(answer)
    assert answer.headers["content-type"].split(";")[0] == "application/pem-certificate-chain"
    assert "max-age" in answer.headers["cache-control"] and "PRIVATE" not in answer.text
    return answer.text


def public_key(pem: str) -> Any:
    return x509.load_pem_x509_certificates(pem.encode())[0].public_key()


def segment(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, sort_keys=True, separators=(",", ":")).encode()).decode().rstrip("=")


def test_another_library_verifies_what_was_signed(world: World, tenant: Tenant, ours: str) -> None:
    called, before = contact(), int(time.time())
    answer = signed(tenant, ours, called)
    token, *parameters = answer["identity"].split(";")
    url = answer["certificateUrl"]
    assert parameters == [f"info=<{url}>", "alg=ES256", 'ppt="shaken"'] and token == answer["token"]
    assert url.startswith(f"{world.url}/api/stir/certificates/") and url.endswith(".pem")

    header = jwt.get_unverified_header(token)
    assert header == {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": url}
    claims = jwt.decode(token, public_key(certificate(header["x5u"])), algorithms=["ES256"], options={"verify_iat": True})
    assert claims == {
        "attest": "A", "dest": {"tn": [called[1:]]}, "iat": claims["iat"], "orig": {"tn": ours[1:]}, "origid": answer["origId"]}  # fmt: skip
    assert before - 2 <= claims["iat"] <= time.time() + 2
    assert str(uuid.UUID(claims["origid"])) == claims["origid"]
    # Canonical to the byte (RFC 8225, 9).
    assert token.split(".")[:2] == [segment(header), segment(claims)]

    held = verified(tenant, answer["identity"], ours, called)
    assert (held["verified"], held["attestation"], held["origId"], held["to"]) == (True, "A", answer["origId"], [called[1:]])


def test_what_another_library_signs_is_verified_with_the_certificate_that_is_given(tenant: Tenant) -> None:
    theirs, shown, called = seed.signing_key(), contact(), contact()
    url = "https://elsewhere.example/cert.pem"
    claims = {"attest": "C", "dest": {"tn": [called[1:]]}, "iat": int(time.time()), "orig": {"tn": shown[1:]}, "origid": str(uuid.uuid4())}
    token = jwt.encode(claims, theirs["privateKey"], algorithm="ES256", headers={"ppt": "shaken", "typ": "passport", "x5u": url})
    identity = f"{token};info=<{url}>;alg=ES256;ppt=shaken"
    held = verified(tenant, identity, shown, called, certificate=theirs["certificates"])
    assert (held["verified"], held["attestation"], held["origId"]) == (True, "C", claims["origid"])
    # Its own URL is never fetched: without the certificate there is nothing to verify with.
    body = {"identity": identity, "from": shown, "to": called}
    problem(tenant.api.post("/api/stir/verify", body), 400, "VALIDATION_FAILED", "certificate")
    other = seed.signing_key()["certificates"]
    assert verified(tenant, identity, shown, called, certificate=other) == {"success": True, "verified": False, "reason": "signature_invalid"}
    old = seed.signing_key(days=0)["certificates"]  # It counted for the last hour.
    assert verified(tenant, identity, shown, called, certificate=old)["reason"] == "certificate_expired"
    late = jwt.encode({**claims, "iat": claims["iat"] - 90}, theirs["privateKey"], algorithm="ES256", headers=jwt.get_unverified_header(token))
    assert verified(tenant, late, shown, called, certificate=theirs["certificates"])["reason"] == "stale"


def test_what_was_altered_is_refused_here_and_by_another_library(tenant: Tenant, ours: str) -> None:
    called = contact()
    answer = signed(tenant, ours, called)
    token, rest = answer["identity"].split(";", 1)
    key = public_key(certificate(answer["certificateUrl"]))
    for part in range(3):
        pieces = token.split(".")
        at = secrets.randbelow(len(pieces[part]))
        put = secrets.choice([c for c in string.ascii_letters if c != pieces[part][at]])
        pieces[part] = pieces[part][:at] + put + pieces[part][at + 1 :]
        altered = ".".join(pieces)
        body = {"identity": f"{altered};{rest}", "from": ours, "to": called, "certificate": certificate(answer["certificateUrl"])}
        reply = tenant.api.post("/api/stir/verify", body)
        # No JSON any more, no signature any more, or another signature.
        assert reply.status_code == 400 or reply.json()["verified"] is False, explain(reply)
        if part < 2:
            with pytest.raises(jwt.PyJWTError):
                jwt.decode(altered, key, algorithms=["ES256"])
    # Full attestation in place of the partial one that was signed.
    shown = contact()
    header, claims, signature = signed(tenant, shown, called)["token"].split(".")
    promoted = segment({**json.loads(base64.urlsafe_b64decode(claims + "===")), "attest": "A"})
    assert verified(tenant, f"{header}.{claims}.{signature};{rest}", shown, called)["attestation"] == "B"
    assert verified(tenant, f"{header}.{promoted}.{signature};{rest}", shown, called)["reason"] == "signature_invalid"
    beside = answer["identity"].replace("alg=ES256", "alg=none")
    assert verified(tenant, beside, ours, called)["reason"] == "header_altered"
    assert verified(tenant, answer["identity"], ours, contact())["reason"] == "wrong_number"
    assert verified(tenant, answer["identity"], contact(), called)["reason"] == "wrong_number"


def test_only_ones_own_active_number_is_vouched_for_in_full(world: World, tenant: Tenant, ours: str) -> None:
    def attested(who: Tenant, shown: str) -> str:
        answer = signed(who, shown, contact())
        claims = jwt.decode(answer["token"], options={"verify_signature": False})
        assert claims["attest"] == answer["attestation"]
        return answer["attestation"]

    assert attested(tenant, ours) == "A"
    assert attested(world.tenant(), ours) == "B", "another tenant's number"
    assert attested(tenant, contact()) == "B", "nobody's number"
    own = tenant.number("signalwire")
    [number] = tenant.api.pages(f"/api/numbers?phoneNumber={own.replace('+', '%2B')}")
    assert tenant.admin.request("PATCH", f"/api/numbers/{number['id']}", json={"isActive": False}).status_code == 200
    assert attested(tenant, own) == "B", "a number that is switched off"
    problem(tenant.api.post("/api/stir/sign", {"from": ours, "to": contact(), "attestation": "A"}), 400, "VALIDATION_FAILED", "attestation")


def test_every_signature_is_recorded_for_its_tenant(world: World, tenant: Tenant, ours: str) -> None:
    called = contact()
    answers = [signed(tenant, ours, called) for _ in range(2)]
    table, name = world.aws("dynamodb"), world.stack["table"]
    assert len({answer["origId"] for answer in answers}) == 2
    for answer in answers:
        key = {"PK": {"S": f"T#{tenant.name}#SIG#{answer['origId']}"}, "SK": {"S": "S"}}
        item = table.get_item(TableName=name, Key=key, ConsistentRead=True)["Item"]
        record = json.loads(item["doc"]["S"])
        assert (item["src"]["S"], record["from"], record["to"], record["attestation"]) == ("local", ours[1:], called[1:], "A")
        assert answer["certificateUrl"].endswith(f"/{record['certificate']}.pem")


def test_what_is_malformed_is_named(world: World, tenant: Tenant, ours: str) -> None:
    called = contact()
    good = {"identity": signed(tenant, ours, called)["identity"], "from": ours, "to": called}
    for path, body, code, field in (
        ("sign", {"from": "nobody", "to": called}, "INVALID_NUMBER", "from"),
        ("sign", {"from": ours, "to": "+1"}, "INVALID_NUMBER", "to"),
        ("sign", {"from": ours}, "VALIDATION_FAILED", "to"),
        ("sign", {"from": ours, "to": [called]}, "VALIDATION_FAILED", "to"),
        ("verify", {**good, "identity": ""}, "VALIDATION_FAILED", "identity"),
        ("verify", {**good, "identity": "a.b"}, "VALIDATION_FAILED", "identity"),
        ("verify", {**good, "identity": "@@@.###.$$$;info=<https://x>"}, "VALIDATION_FAILED", "identity"),
        ("verify", {**good, "identity": "x" * 20_000}, "VALIDATION_FAILED", "identity"),
        ("verify", {**good, "from": "x"}, "INVALID_NUMBER", "from"),
        ("verify", {**good, "certificate": "x"}, "VALIDATION_FAILED", "certificate"),
        ("verify", {**good, "certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "VALIDATION_FAILED", "certificate"),
        ("verify", {key: good[key] for key in ("identity", "from")}, "VALIDATION_FAILED", "to"),
    ):
        problem(tenant.api.post(f"/api/stir/{path}", body), 400, code, field)
    for unknown in ("x", "x.pem", "0" * 64 + ".pem", ".pem", "..%2f..%2f.pem"):
        answer = requests.get(f"{world.url}/api/stir/certificates/{unknown}", timeout=30)
        assert answer.status_code == 404, explain(answer)
