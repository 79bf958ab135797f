"""Whose accounts there are, whether they can be reached, and how a customer's own system is told what happens."""

from __future__ import annotations

import secrets
import time
from typing import Any

import requests
from standardwebhooks import Webhook

from .telling import NAMES, Telling


class Providers(Telling):
    def providers(self) -> None:
        self.the_accounts()
        self.the_customer_is_told()

    def manage(self, action: str, **more: Any) -> dict[str, Any]:
        answer = self.call("POST", "/api/provider-management", {"action": action, **more}, user="admin")
        self.check(f"{action} answers 200", answer.status_code == 200, answer.text)
        return answer.json()

    def the_accounts(self) -> None:
        self.step("Which providers are there, and what can they do?")
        listed = [entry for entry in self.manage("list_providers")["providers"] if entry["scope"] == "platform"]
        for entry in listed:
            can = ", ".join(word for word in ("sms", "mms", "voice", "agents") if entry["capabilities"].get(word))
            print(f"               {NAMES[entry['provider_type']]:<11} {can:<22} webhooks: {entry['webhooks']}")
        self.check("all four, each once", sorted(entry["provider_type"] for entry in listed) == sorted(NAMES), listed)
        retell = next(entry for entry in listed if entry["provider_type"] == "retell")
        self.check("Retell sends no texts, and says so", retell["capabilities"]["sms"] is False, retell["capabilities"])
        for provider in NAMES:
            self.manage("test_connection", provider_type=provider)

    def the_customer_is_told(self) -> None:
        phone, number = self.phones["telnyx"], self.numbers["telnyx"]
        self.step("The customer's own system wants to know of every text that comes in.")
        sink = f"demo-{secrets.token_hex(4)}"
        url = f"{self.stack.simulator}/_hooks/{sink}"
        answer = self.call("POST", "/api/event-endpoints", {"url": url, "events": ["message.received"]}, user="admin")
        self.check("the endpoint is made (201), with a secret that is told once", answer.status_code == 201, answer.text)
        endpoint = answer.json()["endpoint"]
        # Who listens is remembered for five seconds: what happens until then may pass a new endpoint by.
        time.sleep(6)
        text = "Can I change my appointment?"
        self.phone_texts(phone, number, text)

        def posted() -> list[dict[str, Any]] | None:
            return requests.get(f"{self.stack.simulator}/_sim/hooks", params={"name": sink}, timeout=30).json()["hooks"] or None

        [post] = self.until("the event at the customer's system", posted)
        headers = {name.lower(): value for name, value in post["headers"]}
        event: Any = Webhook(endpoint["secret"]).verify(post["body"], headers)
        self.check(f"it was told of {event['type']}: “{event['data']['body']}”", event["data"]["body"] == text, event)
        self.check("signed by the Standard Webhooks scheme, as its own library verifies", headers["webhook-id"] == event["id"], headers)
        self.call("DELETE", f"/api/event-endpoints/{endpoint['id']}", user="admin")
