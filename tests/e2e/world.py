"""A running stack, seen from outside: its API, the simulator's phones and faults, and the emulator behind them.

The stack is the one whose file TANDEM_STACK names, else that of `make test`, else that of `make up`. It may have been
used before: every test makes contacts of its own, and a tenant of its own where it counts.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import random
import re
import secrets
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import boto3
import requests
from botocore.config import Config
from contract import Contract
from signer import SIGNATURES as SIGNATURES
from signer import Signer, wire

import seed  # noqa: E402  of scripts/, where signer looks

ROOT = Path(__file__).resolve().parents[2]
# Those that send texts, and those of them whose webhooks are forms.
PROVIDERS = ["twilio", "signalwire", "telnyx"]
FORM_PROVIDERS = ["twilio", "signalwire"]
XML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
T = TypeVar("T")
# Every text of a test says this word, so that the logs can be searched for texts.
CANARY = "canary" + secrets.token_hex(6)
SMS_PRICE = Decimal("0.0075")
MMS_PRICE = Decimal("0.02")


def stack_file() -> Path:
    if named := os.environ.get("TANDEM_STACK"):
        return Path(named)
    local = ROOT / ".local"
    return next((file for file in (local / "test" / "stack.json", local / "stack.json") if file.exists()), local / "stack.json")


# ---- waiting -------------------------------------------------------------------------------------


def eventually(look: Callable[[], T], timeout: float = 20, *, interval: float = 0.15) -> T:
    """What `look` returns, once it is true and raises no AssertionError; its last failure when time is up."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            last: Any = look()
            if last:
                return last
            trouble: Any = f"still {last!r}"
        except AssertionError as error:
            trouble = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {trouble}")
        time.sleep(interval)


def throughout(check: Callable[[], Any], seconds: float) -> None:
    """Demands that `check` passes again and again for a while: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        check()
        time.sleep(0.3)


def at_once(actions: Iterable[Callable[[], T]], workers: int = 8) -> list[T]:
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda action: action(), actions))


# ---- numbers that are nobody's ---------------------------------------------------------------------

# Exchange 555 belongs to nobody's telephone; lines from 2000 on are valid numbers to libphonenumber.
CONTACT_AREAS = [205, 206, 209, 213, 214, 216, 301, 303, 305, 310, 312, 313, 314, 404, 408, 412, 415, 503, 505, 512, 602, 612, 617, 702, 713]
OWN_AREAS = [716, 718, 719, 720, 801, 802, 803, 804, 805, 806, 808, 812, 813, 814, 815, 816, 817, 818, 901, 904, 907, 909, 913, 916, 917]
_given: set[str] = set()


def _fresh(areas: list[int]) -> str:
    while True:
        number = f"+1{random.choice(areas)}555{random.randint(2000, 9999)}"
        if number not in _given:
            _given.add(number)
            return number


def contact() -> str:
    """A telephone that no other test uses."""
    return _fresh(CONTACT_AREAS)


def contacts_used() -> set[str]:
    return set(_given)


def words(text: str = "") -> str:
    """A text that no other test says."""
    return f"{text} {CANARY} {secrets.token_hex(4)}".strip()


# ---- the API ---------------------------------------------------------------------------------------


class Api:
    """The API for one token. Every answer is held against the OpenAPI document, and none may be a 5xx."""

    def __init__(self, base: str, token: str | None, contract: Contract) -> None:
        self.base, self.token, self.contract = base, token, contract
        self.session = requests.Session()
        self.session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = dict(options.pop("headers", None) or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        answer = self.session.request(
            method, self.base + path, headers=headers, timeout=40, allow_redirects=False, **options
        )
        assert answer.status_code < 500, f"{method} {path}: {explain(answer)}"
        self.contract.check(method, path, answer)
        return answer

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", path, **({"json": body} if body is not None else {}), **options)

    def put(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.request("PUT", path, **({"json": body} if body is not None else {}), **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    # -- what most tests do --

    def send(self, *, key: str | None = None, **body: Any) -> dict[str, Any]:
        answer = self.post("/api/sms/send", body, headers={"Idempotency-Key": key} if key else {})
        assert answer.status_code == 202, explain(answer)
        return answer.json()["message"]

    def message(self, id: str) -> dict[str, Any]:
        answer = self.get(f"/api/messages/{id}")
        assert answer.status_code == 200, explain(answer)
        return answer.json()["message"]

    def settled(self, id: str, status: str = "delivered", timeout: float = 30) -> dict[str, Any]:
        """The message, once it has this status."""

        def look() -> dict[str, Any]:
            message = self.message(id)
            assert message["status"] == status, summary(message)
            return message

        return eventually(look, timeout)

    def pages(self, path: str, limit: int = 100) -> list[dict[str, Any]]:
        """Every item of a list."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
            answer = self.get(f"{path}{'&' if '?' in path else '?'}{urllib.parse.urlencode(query)}")
            assert answer.status_code == 200, explain(answer)
            page = answer.json()
            assert len(page["items"]) <= limit
            items += page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                return items

    def conversation(self, contact: str) -> dict[str, Any] | None:
        answer = self.get("/api/conversations", params={"contact": contact})
        assert answer.status_code == 200, explain(answer)
        items = answer.json()["items"]
        return items[0] if items else None

    def texts_with(self, contact: str) -> list[dict[str, Any]]:
        """The messages of a conversation, newest first; none when there is no conversation."""
        path = f"/api/conversations/{urllib.parse.quote(contact, safe='')}/messages"
        if self.get(path).status_code == 404:
            return []
        return self.pages(path)

    def received(self, contact: str, count: int = 1, timeout: float = 20) -> list[dict[str, Any]]:
        """The inbound messages of a conversation, oldest first, once they and their summary are there."""

        def look() -> list[dict[str, Any]]:
            texts = [text for text in self.texts_with(contact) if text["direction"] == "inbound"]
            assert len(texts) == count, [summary(text) for text in texts]
            assert self.conversation(contact), "no summary yet"
            return texts[::-1]

        return eventually(look, timeout)

    def wallet(self) -> dict[str, Decimal]:
        answer = self.get("/api/wallet")
        assert answer.status_code == 200, explain(answer)
        body = json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)
        return {name: Decimal(body[name]) for name in ("balance", "held", "available")}

    def ledger(self) -> list[dict[str, Any]]:
        return self.pages("/api/wallet/transactions")

    def books_balance(self) -> dict[str, Decimal]:
        """The wallet, after its ledger has been added up."""
        wallet, ledger = self.wallet(), self.ledger()
        assert sum((dollars(entry["amount"]) for entry in ledger), Decimal(0)) == wallet["balance"], (wallet, ledger[:10])
        assert sum((dollars(entry["held"]) for entry in ledger), Decimal(0)) == wallet["held"], (wallet, ledger[:10])
        assert wallet["available"] == wallet["balance"] - wallet["held"], wallet
        return wallet


def dollars(number: float | int) -> Decimal:
    """Amounts have at most six places; a float of that size prints back as it was written."""
    return Decimal(repr(number))


def explain(answer: requests.Response) -> str:
    return f"{answer.request.method} {answer.request.url} -> {answer.status_code} {dict(answer.headers)} {answer.text[:700]}"


def problem(answer: requests.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """Demands an RFC 9457 problem of this status and code."""
    assert answer.status_code == status, explain(answer)
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json", explain(answer)
    body = answer.json()
    assert {"type", "title", "status", "detail", "code", "error", "requestId"} <= set(body), explain(answer)
    assert (body["status"], body["code"]) == (status, code), explain(answer)
    assert body["error"] == body["title"], explain(answer)
    if field is not None:
        assert field in [error["field"] for error in body.get("errors", [])], explain(answer)
    return body


def summary(message: dict[str, Any]) -> dict[str, Any]:
    """What a failure should show of a message."""
    names = ("id", "direction", "provider", "status", "errorCode", "providerSid", "body", "attempts", "media", "price")
    return {name: message.get(name) for name in names}


# ---- the simulator ---------------------------------------------------------------------------------


class Simulator:
    def __init__(self, base: str) -> None:
        self.base = base + "/_sim"
        self.session = requests.Session()
        self.session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        answer = self.session.request(method, self.base + path, json=body, params=query, timeout=90)
        assert answer.ok, explain(answer)
        return answer.json()

    def text(self, phone: str, to: str, body: str, **more: Any) -> dict[str, Any]:
        """The phone texts one of our numbers; returns when the webhook has been answered."""
        received = self.call("POST", f"/phones/{phone}/text", {"to": to, "body": body, **more})
        for entry in received["callbacks"]:
            assert entry["response"] and entry["response"]["status"] == 200, entry
            # Telnyx reads the status alone.
            assert entry["provider"] == "telnyx" or entry["response"]["reply"] == {"kind": "empty"}, entry
        return received

    def redeliver(self, webhook: dict[str, Any]) -> None:
        for entry in self.call("POST", f"/callbacks/{webhook['id']}/redeliver", {})["callbacks"]:
            assert entry["response"] and entry["response"]["status"] == 200, entry

    def script(self, phone: str, **how: Any) -> None:
        self.call("POST", f"/phones/{phone}", how)

    def inbox(self, phone: str) -> list[dict[str, Any]]:
        return self.call("GET", f"/phones/{phone}/inbox")["texts"]

    def messages_to(self, phone: str) -> list[dict[str, Any]]:
        """The messages that the providers hold for a phone."""
        return [m for m in self.call("GET", "/messages", to=phone)["messages"] if m["direction"] != "inbound"]

    def creates_to(self, phone: str) -> list[dict[str, Any]]:
        """The requests to send something to a phone, in their order."""
        entries = self.call("GET", "/requests", operation="messages.create")["requests"]
        return [entry for entry in entries if phone in (params_of(entry).get("To"), params_of(entry).get("to"))]

    def fault(self, operation: str, kind: str, *, times: int = 1, skip: int = 0, match: dict[str, Any] | None = None, **params: Any) -> int:
        body = {"operation": operation, "kind": kind, "times": times, "skip": skip, "match": match or {}, "params": params}
        return self.call("POST", "/faults", body)["id"]

    def unfault(self, id: int) -> None:
        self.call("DELETE", f"/faults/{id}")

    def number(self, provider: str, account: str, number: str, **settings: str) -> None:
        self.call("POST", "/numbers", {"provider": provider, "account": account, "phone_number": number, **settings})


def params_of(request: dict[str, Any]) -> dict[str, Any]:
    """A request's parameters, from its query, its form or its JSON."""
    return dict(map(tuple, request["params"]))


# ---- the stack ---------------------------------------------------------------------------------------


class Tenant:
    """A tenant that a test made for itself."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.api = Api(world.url, world.token(name, []), world.contract)
        self.admin = Api(world.url, world.token(name, ["admin", "tenant-admin"]), world.contract)

    def fresh_number(self) -> str:
        """A number that nobody holds yet."""
        return _fresh(OWN_AREAS)

    def number(self, provider: str, **options: Any) -> str:
        number = self.fresh_number()
        self.world.register(provider, number, self.name, **options)
        return number

    def deposit(self, amount: str) -> None:
        body = f'{{"amount":{amount},"reference":"{secrets.token_hex(8)}"}}'
        answer = self.admin.post("/api/wallet/deposit", data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 201, explain(answer)


class World:
    def __init__(self, stack: dict[str, Any]) -> None:
        self.stack = stack
        self.url: str = stack["api"]
        self.contract = Contract(requests.get(self.url + "/api/openapi.json", timeout=30).json())
        tokens = stack["tokens"]
        self.user, self.admin, self.other = (Api(self.url, tokens[name], self.contract) for name in ("user", "admin", "otherTenant"))
        self.nobody = Api(self.url, None, self.contract)
        self.sim = Simulator(stack["simulator"])
        self.signer = Signer(stack["credentials"], stack["telnyxSeed"])
        self.demo_number = {
            entry["provider"]: entry["number"] for entry in stack["numbers"] if entry["tenant"] == "demo"
        }
        self.rival_number = next(entry["number"] for entry in stack["numbers"] if entry["tenant"] == "rival")

    def aws(self, service: str, **options: Any) -> Any:
        return boto3.client(
            service, endpoint_url=self.stack["endpoint"], region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="test", config=Config(retries={"max_attempts": 3}, connect_timeout=5, read_timeout=60, **options),
        )  # fmt: skip

    # -- tenants and numbers --

    def token(self, tenant: str, groups: list[str]) -> str:
        cognito, pool, client = self.aws("cognito-idp"), self.stack["userPool"], self.stack["userPoolClient"]
        name, password = f"{tenant}-{secrets.token_hex(4)}", "Aa1!" + secrets.token_urlsafe(18)
        cognito.admin_create_user(
            UserPoolId=pool, Username=name, TemporaryPassword=password, MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "custom:tenant_id", "Value": tenant}],
        )  # fmt: skip
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        for group in groups:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )  # fmt: skip
        return answer["AuthenticationResult"]["IdToken"]

    def tenant(self) -> Tenant:
        return Tenant(self, "t" + secrets.token_hex(5))

    def register(self, provider: str, number: str, tenant: str, **options: Any) -> None:
        """A number at the provider and, with the operator's command, in our table. Registering again changes it."""
        settings = seed.number_settings(provider, self.url, self.stack["credentials"])
        self.sim.number(provider, self.signer.accounts[provider], number, **settings)
        binary = Path(os.environ.get("TANDEM_BIN", ROOT / "target" / "debug" / "tandem"))
        arguments = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in options.items()]
        done = subprocess.run(
            [binary, "number", "add", f"--phone={number}", f"--provider={provider}", f"--account=platform-{provider}", f"--tenant={tenant}", *arguments],
            capture_output=True, text=True, timeout=60,
            env={
                "PATH": "/usr/bin:/bin", "AWS_ENDPOINT_URL": self.stack["endpoint"], "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
                "TABLE_NAME": self.stack["table"],
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    # -- webhooks --

    def webhook(self, provider: str, kind: str = "sms") -> str:
        """Telnyx and Retell send everything to one URL."""
        return f"{self.url}/api/webhooks/{provider}" + (f"/{kind}" if provider in FORM_PROVIDERS else "")

    def post_webhook(self, url: str, params: dict[str, str], headers: dict[str, str]) -> requests.Response:
        body, content_type = wire(params)
        return self.post_body(url, body, {"Content-Type": content_type, **headers})

    def post_body(self, url: str, body: str, headers: dict[str, str]) -> requests.Response:
        return self.sim.session.post(url, data=body.encode(), headers={"Content-Type": "application/json", **headers}, timeout=40)

    def deliver(self, provider: str, params: dict[str, str]) -> requests.Response:
        """An inbound text, signed as the provider signs; must be accepted."""
        url = self.webhook(provider)
        return accepted(self.post_webhook(url, params, self.signer.headers(provider, url, params)))

    def report(self, provider: str, url: str, params: dict[str, str]) -> requests.Response:
        """A status callback to the URL that we gave for one message; must be accepted."""
        url = url.split("#")[0]
        return accepted(self.post_webhook(url, params, self.signer.headers(provider, url, params)))

    def callback_url(self, phone: str) -> str:
        """The status callback URL of the one message that was sent to a phone, as the provider was told."""
        [request] = self.sim.creates_to(phone)
        params = params_of(request)
        return params.get("StatusCallback") or params["webhook_url"]

    # -- the table --

    def stored(self, text: str) -> list[dict[str, Any]]:
        """Every item of the table that mentions a text."""
        found, dynamo, start = [], self.aws("dynamodb"), {}
        while True:
            page = dynamo.scan(TableName=self.stack["table"], ConsistentRead=True, **start)
            found += [item for item in page["Items"] if text in json.dumps(item, default=str)]
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    # -- the logs --

    def log(self, group: str) -> Iterator[str]:
        """What a function has written."""
        logs, token = self.aws("logs"), {}
        while True:
            page = logs.filter_log_events(logGroupName=group, **token)
            yield from (event["message"] for event in page["events"])
            if not page.get("nextToken") or page.get("nextToken") == token.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}


def accepted(answer: requests.Response) -> requests.Response:
    assert answer.status_code == 200, explain(answer)
    if re.search(r"/webhooks/(telnyx|retell)", answer.request.url or ""):
        assert answer.headers["content-type"].startswith("application/json") and answer.json() == {}, explain(answer)
        return answer
    assert re.match(r"(text|application)/xml", answer.headers["content-type"]), explain(answer)
    assert answer.text == XML, explain(answer)
    return answer
