"""`make demo`: a scenario that a person can follow, on the local stack.

Each step says in plain words what happens, shows the calls that it makes, and checks what came of them.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import time
import urllib.parse
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import requests

from stack import Stack
from tools import Problem, main

T = TypeVar("T")
# A picture of one red dot.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
AREAS = [212, 206, 213, 303, 305, 310, 312, 404, 415, 512, 617, 702]
NAMES = {"twilio": "Twilio", "signalwire": "SignalWire"}


class Differs(Problem):
    """Something is not as the scenario says."""


class Scenario:
    def __init__(self, stack: Stack) -> None:
        self.stack, self.began, self.steps, self.checks = stack, time.monotonic(), 0, 0
        self.api: str = stack.state["api"]
        self.numbers = {entry["provider"]: entry["number"] for entry in stack.state["numbers"] if entry["tenant"] == "demo"}
        self.phones = {provider: self.stranger() for provider in NAMES}

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

    # ---- the scenario ----

    def play(self) -> None:
        wallet = self.enough_money()
        paid: dict[str, Decimal] = {}
        for provider in NAMES:
            self.somebody_writes(provider)
            paid |= self.we_answer(provider)
        self.a_picture()
        self.stop_is_obeyed()
        self.a_forgery_is_refused()
        self.the_books(wallet, paid)

    def enough_money(self) -> dict[str, Decimal]:
        self.step("What is in the wallet?")
        wallet = self.wallet()
        if wallet["available"] < 1:
            reference = f"demo-{random.randrange(10**9)}"
            self.call("POST", "/api/wallet/deposit", {"amount": 10, "reference": reference}, user="admin")
            wallet = self.wallet()
        print(f"               balance ${wallet['balance']}, of it held for texts under way ${wallet['held']}")
        self.check("there is money to send with", wallet["available"] >= 1, wallet)
        return wallet

    def somebody_writes(self, provider: str) -> None:
        phone, number = self.phones[provider], self.numbers[provider]
        self.step(f"A customer at {phone} texts our number {number}, which is held at {NAMES[provider]}.")
        text = "Hello, are you open today?"
        received = self.phone_texts(phone, number, text)
        [message] = self.until("the message in the conversation", lambda: self.conversation(phone) or None)
        print(f"          GET /api/conversations/{urllib.parse.quote(phone, safe='')}/messages  ->  200")
        self.check(f"one message, {message['direction']} by {message['provider']}: “{message['body']}”",
                   (message["body"], message["direction"], message["provider"]) == (text, "inbound", provider), message)  # fmt: skip
        self.check("it has the provider's own id", message["providerSid"] == received["sid"], message["providerSid"])

        def listed() -> dict[str, Any] | None:
            items = self.call("GET", f"/api/conversations?contact={urllib.parse.quote(phone, safe='')}", quiet=True).json()["items"]
            return items[0] if items else None

        conversation = self.until("the conversation's summary", listed)
        self.check("the conversation counts one unread message", conversation["unreadCount"] == 1, conversation)

    def we_answer(self, provider: str) -> dict[str, Decimal]:
        phone, number = self.phones[provider], self.numbers[provider]
        self.step(f"We answer. Nobody says by which number: it leaves by the one that was texted, so by {NAMES[provider]}.")
        # The receipt takes a second, as it would, so that `sent` can be seen.
        self.fault({"operation": "callbacks.status", "kind": "delay", "match": {"to": phone, "status": "delivered"}, "params": {"seconds": 1}})
        answer = self.call("POST", "/api/sms/send", {"to": phone, "message": "Yes, until six."})
        self.check("accepted (202)", answer.status_code == 202, answer.text)
        sent = answer.json()["message"]
        self.check(f"from {number} by {provider}, status {sent['status']}, ${sent['price']['estimate']['amount']} held for it",
                   (sent["from"], sent["provider"], sent["status"]) == (number, provider, "queued"), sent)  # fmt: skip
        path, seen = f"/api/messages/{sent['id']}", ["queued"]

        def delivered() -> dict[str, Any] | None:
            message = self.call("GET", path, quiet=True).json()["message"]
            if message["status"] != seen[-1]:
                seen.append(message["status"])
            return message if message["status"] == "delivered" else None

        message = self.until("delivered", delivered, 60)
        print(f"          GET {path}  ->  200, again and again")
        self.check("the status went " + " → ".join(seen), "sent" in seen, seen)
        [text] = self.until("the text on the phone", lambda: [t for t in self.inbox(phone) if t["kind"] == "message"] or None)
        self.check(f"the phone shows “{text['body']}” from {text['from']}", (text["body"], text["from"]) == ("Yes, until six.", number), text)
        return {message["id"]: Decimal(message["price"]["charged"]["amount"])}

    def a_picture(self) -> None:
        phone, number, content = self.phones["twilio"], self.numbers["twilio"], base64.b64decode(PNG)
        self.step(f"{phone} sends a picture. It is copied from Twilio into our own bucket, which nobody can read without a link.")
        received = self.phone_texts(phone, number, "Here is my receipt", media=[{"base64": PNG, "content_type": "image/png"}])

        def copied() -> dict[str, Any] | None:
            found = [m for m in self.conversation(phone) if m["providerSid"] == received["sid"] and m["mediaUrls"]]
            return found[0] if found else None

        message = self.until("the picture's copy", copied, 60)
        answer = self.call("GET", f"/api/messages/{message['id']}/media/0")
        self.check("the API answers with a link that is good for five minutes (302)", answer.status_code == 302, answer.text)
        link = answer.headers["location"]
        picture = requests.get(link, timeout=30)  # Without our token: the link is all that is needed.
        self.check(f"the link gives the picture back, all {len(content)} bytes",
                   (picture.status_code, picture.content) == (200, content), picture.text[:300])  # fmt: skip
        bare = requests.get(link.split("?")[0], timeout=30).status_code
        self.check(f"without its signature the same address is refused ({bare})", bare == 403, bare)

    def stop_is_obeyed(self) -> None:
        phone, number = self.phones["signalwire"], self.numbers["signalwire"]
        self.step(f"{phone} has had enough and texts STOP. SignalWire does not answer that by itself, so we do, once.")
        before = len(self.inbox(phone))
        self.phone_texts(phone, number, "STOP")
        answer = self.call("POST", "/api/sms/send", {"to": phone, "message": "One more thing…"})
        refused = answer.json()
        self.check(f"the next text is refused with {answer.status_code} {refused.get('code')}",
                   (answer.status_code, refused.get("code")) == (409, "OPTED_OUT"), answer.text)  # fmt: skip
        answer = self.call("POST", "/api/sms/send", {"to": phone, "message": "By the other provider?", "from": self.numbers["twilio"]})
        self.check("by the other provider, too", answer.status_code == 409, answer.text)
        texts = self.until("the confirmation", lambda: self.inbox(phone)[before:] or None)
        self.check(f"the phone shows one confirmation: “{texts[0]['body']}”", len(texts) == 1, texts)

    def a_forgery_is_refused(self) -> None:
        self.step("Somebody who has no key forges a webhook of Twilio's.")
        form = {
            "MessageSid": "SM" + "f" * 32, "AccountSid": self.stack.state["credentials"]["TwilioAccountSid"],
            "From": "+14155550199", "To": self.numbers["twilio"], "Body": "Wire me the money", "NumMedia": "0",
        }  # fmt: skip
        forged = {"X-Twilio-Signature": base64.b64encode(b"not a real signature").decode()}
        answer = requests.post(f"{self.api}/api/webhooks/twilio/sms", data=form, headers=forged, timeout=30)
        print(f"          POST /api/webhooks/twilio/sms  ->  {answer.status_code}")
        self.check(f"refused: {answer.json().get('title')} ({answer.json().get('code')})",
                   (answer.status_code, answer.json().get("code")) == (403, "INVALID_SIGNATURE"), answer.text)  # fmt: skip
        self.check("and nothing was stored", not [m for m in self.conversation("+14155550199") if m["body"] == form["Body"]])

    def the_books(self, before: dict[str, Decimal], paid: dict[str, Decimal]) -> None:
        self.step("What did it cost?")
        path = "/api/wallet/transactions?limit=100"

        def captured() -> list[dict[str, Any]] | None:
            ledger = json.loads(self.call("GET", path, quiet=True).text, parse_float=Decimal, parse_int=Decimal)["items"]
            ours = [entry for entry in ledger if (entry["resource"] or "").removeprefix("message/") in paid]
            return ours if sum(entry["type"] == "capture" for entry in ours) == len(paid) else None

        ledger = self.until("the two answers in the ledger", captured)
        print(f"          GET {path}  ->  200")
        for entry in ledger:
            print(f"               {entry['type']:<8} {entry['amount']:>9}  held {entry['held']:>8}  {entry['resource']}")
        self.check("what was held for the two answers is held no more", sum(entry["held"] for entry in ledger) == 0, ledger)
        spent = -sum(entry["amount"] for entry in ledger)
        self.check(f"they cost ${spent}, as was said", spent == sum(paid.values()), ledger)
        after = self.wallet()
        print(f"               balance ${before['balance']} before, ${after['balance']} after; the confirmation of STOP was free")

    def more(self) -> None:
        shown, (twilio, phone) = self.stack.file.name, (self.numbers["twilio"], self.phones["twilio"])
        folder = "" if self.stack.name == "demo" else self.stack.name + "/"
        print(f"""
All {self.checks} checks of {self.steps} steps passed in {time.monotonic() - self.began:.1f} s. The stack is still running; try it yourself:

  STACK=.local/{folder}{shown}
  API=$(jq -r .api $STACK)  SIM=$(jq -r .simulator $STACK)/_sim  TOKEN=$(jq -r .tokens.user $STACK)

  # what has happened so far
  curl -s -H "Authorization: Bearer $TOKEN" $API/api/conversations | jq '.items[] | {{contact, unreadCount, lastMessage}}'
  curl -s -H "Authorization: Bearer $TOKEN" $API/api/wallet/transactions | jq '.items[] | [.type, .amount, .balanceAfter]' -c

  # a telephone texts us; then we text it
  curl -s -H 'content-type: application/json' -d '{{"to":"{twilio}","body":"Me again"}}' $SIM/phones/{phone}/text | jq .sid
  curl -s -H "Authorization: Bearer $TOKEN" -H 'content-type: application/json' -H 'idempotency-key: once' \\
    -d '{{"to":"{phone}","message":"Good to hear from you"}}' $API/api/sms/send | jq .message
  curl -s $SIM/phones/{phone}/inbox | jq '.texts[] | {{from, body}}' -c

  # the provider takes the next text and loses its answer: it arrives once all the same
  curl -s -H 'content-type: application/json' -d '{{"operation":"messages.create","kind":"accept_then_close"}}' $SIM/faults

  curl -s $API/api/openapi.json | jq '.paths | keys'
  make down       stops the stack
""")


def demo() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="demo", help="the stack; `demo` is brought up first")
    parser.add_argument("--no-up", action="store_true", help="play on the stack as it is running")
    arguments = parser.parse_args()
    if not arguments.no_up:
        from up import up  # Only here: a stack that runs needs nothing of what builds one.

        up(arguments.name)
    stack = Stack(arguments.name)
    if not stack.state.get("processes", {}).get("simulator"):
        raise Problem("no local stack is running; run: make up")
    scenario = Scenario(stack)
    scenario.play()
    scenario.more()


if __name__ == "__main__":
    main(demo)
