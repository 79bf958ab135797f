"""What a fresh local stack starts with: users, provider accounts, numbers. Everything may run again and again."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from stack import Stack
from tools import Problem, run, say

# Key in stack.json's `tokens`: tenant and groups.
USERS = {
    "admin": ("demo", ["admin", "tenant-admin"]),
    "user": ("demo", []),
    "otherTenant": ("rival", []),
}

# Numbers from the ranges that are reserved for fiction, so that a slip of configuration reaches nobody.
NUMBERS = [
    {"provider": "twilio", "number": "+12025550100", "tenant": "demo", "primary": True},
    {"provider": "signalwire", "number": "+12025550101", "tenant": "demo"},
    {"provider": "telnyx", "number": "+12025550102", "tenant": "demo"},
    {"provider": "retell", "number": "+12025550103", "tenant": "demo"},
    {"provider": "twilio", "number": "+12025550190", "tenant": "rival"},
]

# Dollars in each tenant's wallet.
DEPOSIT = "100"


def seed_users(stack: Stack, pool: str, client: str) -> dict[str, str]:
    """Creates the users and answers their ID tokens, which are valid for a day."""
    cognito, tokens = stack.client("cognito-idp"), {}
    for name, (tenant, groups) in USERS.items():
        password = "Aa1!" + secrets.token_urlsafe(18)
        attributes = [{"Name": "custom:tenant_id", "Value": tenant}]
        try:
            cognito.admin_create_user(
                UserPoolId=pool, Username=name, UserAttributes=attributes, TemporaryPassword=password, MessageAction="SUPPRESS"
            )
        except cognito.exceptions.UsernameExistsException:
            pass
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        for group in groups:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )  # fmt: skip
        tokens[name] = answer["AuthenticationResult"]["IdToken"]
    return tokens


def prepare_telnyx(stack: Stack) -> None:
    """A messaging profile and a call control application, which the deployment is told of: its calls and texts go
    through them. Their own webhooks are set once the address is known."""
    known = stack.state["credentials"]
    control(stack, "accounts", {
        "provider": "telnyx", "sid": known["TelnyxAccountId"], "auth_token": known["TelnyxApiKey"], "signing_seed": stack.state["telnyxSeed"]})  # fmt: skip
    held = {
        "TelnyxMessagingProfileId": telnyx(stack, "messaging_profiles", "name", {"whitelisted_destinations": ["US", "CA"]}),
        "TelnyxConnectionId": telnyx(stack, "call_control_applications", "application_name",
                                     {"webhook_event_url": "https://example.com/", "webhook_api_version": "2", "webhook_timeout_secs": 10}),
    }  # fmt: skip
    stack.save(credentials={**known, **held})


def telnyx(stack: Stack, resource: str, name: str, settings: dict[str, Any], id: str | None = None) -> str:
    """The resource of the name `tandem`, made if it is not there; with `id`, that one with these settings."""
    url, headers = f"{stack.simulator}/telnyx/v2/{resource}", {"Authorization": f"Bearer {stack.state['credentials']['TelnyxApiKey']}"}
    if id is None:
        listed = requests.get(url, headers=headers, timeout=10).json()["data"]
        if found := [entry["id"] for entry in listed if entry[name] == "tandem"]:
            return found[0]
        answer = requests.post(url, json={name: "tandem", **settings}, headers=headers, timeout=10)
    else:
        answer = requests.patch(f"{url}/{id}", json={name: "tandem", **settings}, headers=headers, timeout=10)
    if not answer.ok:
        raise Problem(f"{url} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()["data"]["id"]


def seed_simulator(stack: Stack, api: str) -> None:
    """The provider's side: the accounts whose credentials the stack was deployed with, and the numbers they hold."""
    known = stack.state["credentials"]
    accounts = {
        "twilio": {"sid": known["TwilioAccountSid"], "auth_token": known["TwilioAuthToken"]},
        "signalwire": {
            "sid": known["SignalwireProjectId"],
            "auth_token": known["SignalwireToken"],
            "signing_key": known["SignalwireSigningKey"],
        },
        "telnyx": {"sid": known["TelnyxAccountId"], "auth_token": known["TelnyxApiKey"], "signing_seed": stack.state["telnyxSeed"]},
        "retell": {"sid": "org_tandem", "auth_token": known["RetellApiKey"], "webhook_url": f"{api}/api/webhooks/retell"},
    }
    for provider, account in accounts.items():
        control(stack, "accounts", {"provider": provider, **account})
    events = f"{api}/api/webhooks/telnyx"
    telnyx(stack, "messaging_profiles", "name", {"webhook_url": events}, known["TelnyxMessagingProfileId"])
    telnyx(stack, "call_control_applications", "application_name", {"webhook_event_url": events}, known["TelnyxConnectionId"])
    sids = {number["phone_number"]: number["sid"] for number in control(stack, "numbers")["numbers"]}
    for entry in NUMBERS:
        number = {
            "provider": entry["provider"],
            "account": accounts[entry["provider"]]["sid"],
            "phone_number": entry["number"],
            **number_settings(entry["provider"], api, known),
        }
        if entry["number"] in sids:  # Replaces the number that is there.
            number["sid"] = sids[entry["number"]]
        control(stack, "numbers", number)


def number_settings(provider: str, api: str, known: dict[str, str]) -> dict[str, str]:
    """Where a number's events go, in the members of the simulator's control API."""
    if provider == "telnyx":
        return {"messaging_profile_id": known["TelnyxMessagingProfileId"], "connection_id": known["TelnyxConnectionId"]}
    if provider == "retell":
        return {"inbound_webhook_url": f"{api}/api/webhooks/retell"}
    base = f"{api}/api/webhooks/{provider}"
    return {"sms_url": f"{base}/sms", "voice_url": f"{base}/voice", "status_callback": f"{base}/call-status"}


def seed_product(stack: Stack, binaries: Path) -> None:
    """Our side: which tenant and user each number belongs to, and money to send with."""
    users = {"demo": "user", "rival": "otherTenant"}
    for entry in NUMBERS:
        tandem(
            stack, binaries, "number", "add", "--phone", entry["number"], "--provider", entry["provider"],
            "--account", f"platform-{entry['provider']}", "--tenant", entry["tenant"],
            "--user", subject(stack.state["tokens"][users[entry["tenant"]]]),
            *(["--primary"] if entry.get("primary") else []),
        )  # fmt: skip
    for tenant in users:
        tandem(stack, binaries, "wallet", "deposit", "--tenant", tenant, "--amount", DEPOSIT, "--reference", "seed")


def signing_key(days: int = 30) -> dict[str, str]:
    """A key for signatures of calls, and a certificate for it that nobody but itself vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.COMMON_NAME, "SHAKEN local stack")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return {
        "privateKey": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "certificates": certificate.public_bytes(Encoding.PEM).decode(),
    }


def seed_stir(stack: Stack) -> None:
    """The key that signs calls: the one that is there, while its certificate is good for another day."""
    manager, secret = stack.client("secretsmanager"), stack.state["stirSecret"]
    held = json.loads(manager.get_secret_value(SecretId=secret)["SecretString"])
    if held:
        until = x509.load_pem_x509_certificate(held["certificates"].encode()).not_valid_after_utc
        if until > datetime.now(timezone.utc) + timedelta(days=1):
            return
    manager.put_secret_value(SecretId=secret, SecretString=json.dumps(signing_key()))


def tandem(stack: Stack, binaries: Path, *arguments: str) -> None:
    environment = {**stack.environment(), "TABLE_NAME": stack.state["table"]}
    run([binaries / "tandem", *arguments], env=environment, log=stack.folder / "seed.log")


def subject(token: str) -> str:
    """The user id that a token is about."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]


def seed(stack: Stack, binaries: Path) -> None:
    say("seeding provider accounts and numbers")
    seed_simulator(stack, stack.state["api"])
    seed_product(stack, binaries)
    seed_stir(stack)
    stack.save(numbers=NUMBERS)


def control(stack: Stack, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the simulator's control API."""
    url = f"{stack.simulator}/_sim/{path}"
    answer = requests.get(url, timeout=10) if body is None else requests.post(url, json=body, timeout=10)
    if not answer.ok:
        raise Problem(f"{url} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()
