"""Texts both ways through each provider that sends them, a picture, STOP, a forgery, and what it cost."""

from __future__ import annotations

import base64
import json
import random
import urllib.parse
from decimal import Decimal
from typing import Any

import requests

from .telling import NAMES, TEXTING, Telling

# A picture of one red dot.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


class Texting(Telling):
    def texts(self) -> None:
        wallet = self.enough_money()
        paid: dict[str, Decimal] = {}
        for provider in TEXTING:
            self.somebody_writes(provider)
            paid |= self.we_answer(provider)
        self.a_picture()
        self.stop_is_obeyed()
        self.a_forgery_is_refused()
        self.the_books(wallet, paid)

    def enough_money(self) -> dict[str, Decimal]:
        self.step("What is in the wallet?")
        wallet = self.wallet()
        if wallet["available"] < 10:
            reference = f"demo-{random.randrange(10**9)}"
            self.call("POST", "/api/wallet/deposit", {"amount": 20, "reference": reference}, user="admin")
            wallet = self.wallet()
        print(f"               balance ${wallet['balance']}, of it held for texts under way ${wallet['held']}")
        self.check("there is money to send and to buy with", wallet["available"] >= 10, wallet)
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

        ledger = self.until("the answers in the ledger", captured)
        print(f"          GET {path}  ->  200")
        for entry in ledger:
            print(f"               {entry['type']:<8} {entry['amount']:>9}  held {entry['held']:>8}  {entry['resource']}")
        self.check("what was held for the answers is held no more", sum(entry["held"] for entry in ledger) == 0, ledger)
        spent = -sum(entry["amount"] for entry in ledger)
        self.check(f"they cost ${spent}, as was said", spent == sum(paid.values()), ledger)
        after = self.wallet()
        print(f"               balance ${before['balance']} before, ${after['balance']} after; the confirmation of STOP was free")
