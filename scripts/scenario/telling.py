"""What every part of the scenario needs: saying what happens, checking it, and calling the API and the world outside."""

from __future__ import annotations

import json
import random
import time
import urllib.parse
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import requests

from stack import Stack
from tools import Problem

T = TypeVar("T")
AREAS = [212, 206, 213, 303, 305, 310, 312, 404, 415, 512, 617, 702]
NAMES = {"twilio": "Twilio", "signalwire": "SignalWire", "telnyx": "Telnyx", "retell": "Retell"}
# Those that send texts.
TEXTING = ["twilio", "signalwire", "telnyx"]


class Differs(Problem):
    """Something is not as the scenario says."""


class Telling:
    def __init__(self, stack: Stack) -> None:
        self.stack, self.began, self.steps, self.checks = stack, time.monotonic(), 0, 0
        self.api: str = stack.state["api"]
        self.numbers = {entry["provider"]: entry["number"] for entry in stack.state["numbers"] if entry["tenant"] == "demo"}
        self.phones = {provider: self.stranger() for provider in TEXTING}

    def stranger(self) -> str:
        """A phone that nobody has (the range is reserved for fiction), and that has not written to us: the scenario may be played again."""
        for _ in range(100):
            phone = f"+1{random.choice(AREAS)}55501{random.randrange(75, 100)}"
            contact = urllib.parse.quote(phone, safe="")
            if not self.call("GET", f"/api/conversations?contact={contact}", quiet=True).json()["items"]:
                return phone
        raise Problem("every telephone has written to us before; run: make down, and again")

    # ---- saying and checking ----

    def step(self, title: str) -> None:
        self.steps += 1
        print(f"\n[{time.monotonic() - self.began:5.1f} s] {self.steps}. {title}", flush=True)

    def check(self, what: str, passed: bool, found: Any = None) -> None:
        if not passed:
            raise Differs(f"step {self.steps} differs: {what}; found {found!r}")
        self.checks += 1
        print(f"          ok   {what}", flush=True)

    def until(self, what: str, look: Callable[[], T | None], seconds: float = 30) -> T:
        deadline = time.monotonic() + seconds
        while True:
            if (found := look()) is not None:
                return found
            if time.monotonic() > deadline:
                raise Differs(f"step {self.steps} differs: {what}: not within {seconds:.0f} s")
            time.sleep(0.1)

    # ---- what is called ----

    def call(self, method: str, path: str, body: Any = None, *, quiet: bool = False, user: str = "user") -> requests.Response:
        headers = {"Authorization": f"Bearer {self.stack.state['tokens'][user]}"}
        answer = requests.request(method, self.api + path, headers=headers, json=body, timeout=30, allow_redirects=False)
        if not quiet:
            shown = f"  {json.dumps(body, ensure_ascii=False)}" if body is not None else ""
            print(f"          {method} {path}{shown}  ->  {answer.status_code}", flush=True)
        if answer.status_code >= 500:
            raise Differs(f"step {self.steps}: {method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def phone_texts(self, phone: str, number: str, body: str, **more: Any) -> dict[str, Any]:
        """Somebody types a text. The provider receives it and posts its signed webhook to our API."""
        url = f"{self.stack.simulator}/_sim/phones/{phone}/text"
        answer = requests.post(url, json={"to": number, "body": body, **more}, timeout=60)
        if not answer.ok:
            raise Problem(f"{url} answered {answer.status_code}: {answer.text[:300]}")
        received = answer.json()
        for webhook in received["callbacks"]:
            path = urllib.parse.urlsplit(webhook["url"]).path.partition("/api/")[2]
            response = webhook["response"] or {"status": webhook["error"]}
            print(f"          {NAMES[webhook['provider']]} posts its signed webhook /api/{path}  ->  {response['status']}", flush=True)
        return received

    def fault(self, fault: dict[str, Any]) -> None:
        answer = requests.post(f"{self.stack.simulator}/_sim/faults", json=fault, timeout=30)
        if not answer.ok:
            raise Problem(f"the simulator answered {answer.status_code}: {answer.text[:300]}")

    def inbox(self, phone: str) -> list[dict[str, Any]]:
        return requests.get(f"{self.stack.simulator}/_sim/phones/{phone}/inbox", timeout=30).json()["texts"]

    def wallet(self) -> dict[str, Decimal]:
        body = json.loads(self.call("GET", "/api/wallet").text, parse_float=Decimal, parse_int=Decimal)
        return {name: body[name] for name in ("balance", "held", "available")}

    def conversation(self, phone: str) -> list[dict[str, Any]]:
        """The messages with a phone, newest first."""
        answer = self.call("GET", f"/api/conversations/{urllib.parse.quote(phone, safe='')}/messages", quiet=True)
        return answer.json()["items"] if answer.status_code == 200 else []
