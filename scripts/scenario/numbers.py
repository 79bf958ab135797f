"""Numbers: searched at every provider at once, bought out of the wallet, used, and given back."""

from __future__ import annotations

import urllib.parse
from decimal import Decimal
from typing import Any

from .telling import NAMES, Telling

WANTED = {"countryCode": "US", "numberType": "local"}


class Numbers(Telling):
    def the_numbers(self) -> None:
        offers = self.search()
        bought = [self.buy(offers, "twilio"), self.buy(offers, "telnyx")]
        self.it_works(bought[0])
        for number in bought:
            self.release(number)

    def search(self) -> dict[str, list[dict[str, Any]]]:
        self.step("We look for a local number in San Francisco (415), at every provider at once.")
        answer = self.call("POST", "/api/numbers/search", {**WANTED, "areaCode": "415", "limit": 6})
        self.check("found (200)", answer.status_code == 200, answer.text)
        found = answer.json()
        for offer in found["numbers"]:
            print(f"               {offer['phoneNumber']}  {NAMES[offer['provider']]:<11} ${offer['monthlyCost']} a month  {offer['locality'] or ''}")
        wrong = [offer for offer in found["numbers"] if not offer["phoneNumber"].startswith("+1415") or offer["monthlyCost"] <= 0]
        self.check("each in the area asked for, each with its price", bool(found["numbers"]) and not wrong, wrong)
        self.check("from more than one provider", len([name for name, list in found["byProvider"].items() if list]) > 1, found["byProvider"])
        return found["byProvider"]

    def buy(self, offers: dict[str, list[dict[str, Any]]], provider: str) -> dict[str, Any]:
        offer, before = offers[provider][0], self.wallet()
        self.step(f"We buy {offer['phoneNumber']} from {NAMES[provider]} and call it “Test Line”.")
        wish = {**WANTED, "phoneNumber": offer["phoneNumber"], "provider": provider, "displayName": "Test Line"}
        answer = self.call("POST", "/api/numbers/purchase", wish, user="admin")
        if answer.status_code == 202:
            purchase = answer.json()["purchase"]
            print(f"               {NAMES[provider]} will say later; until then the price is held")

            def done() -> dict[str, Any] | None:
                found = self.call("GET", f"/api/numbers/purchases/{purchase['id']}", quiet=True, user="admin").json()["purchase"]
                return found if found["state"] in ("done", "failed") else None

            ended = self.until("the end of the order", done, 150)
            self.check(f"the order is {ended['state']}", ended["state"] == "done", ended)
        else:
            self.check("bought (201)", answer.status_code == 201, answer.text)
        path = f"/api/numbers?phoneNumber={urllib.parse.quote(offer['phoneNumber'])}"
        [number] = self.call("GET", path).json()["items"]
        self.check(f"it is in the inventory: “{number['displayName']}”, {number['status']}", (number["displayName"], number["status"]) == ("Test Line", "active"), number)
        after = self.wallet()
        price = Decimal(str(offer["monthlyCost"]))
        self.check(f"the wallet paid ${price} for the first month", before["balance"] - after["balance"] == price and after["held"] == before["held"], (before, after))
        return number

    def it_works(self, number: dict[str, Any]) -> None:
        phone = self.stranger()
        self.step(f"{phone} texts the new number: its webhooks were set when it was bought.")
        self.phone_texts(phone, number["phoneNumber"], "Is this the new line?")
        [message] = self.until("the message in the conversation", lambda: self.conversation(phone) or None)
        self.check(f"received: “{message['body']}”", message["to"] == number["phoneNumber"], message)

    def release(self, number: dict[str, Any]) -> None:
        self.step(f"We give {number['phoneNumber']} back to {NAMES[number['provider']]}.")
        before = self.wallet()
        path = f"/api/numbers/{number['id']}"
        answer = self.call("DELETE", f"{path}/release", user="admin")
        self.check("released", answer.status_code in (200, 202), answer.text)

        def gone() -> dict[str, Any] | None:
            found = self.call("GET", path, quiet=True).json()["number"]
            return found if found["status"] == "released" else None

        self.until("the end of the release", gone, 150)
        listed = self.call("GET", f"/api/numbers?phoneNumber={urllib.parse.quote(number['phoneNumber'])}").json()["items"]
        self.check("it is not in the list any more, and its record is kept", listed == [], listed)
        self.check("nothing is paid back for the month, and nothing more is charged", self.wallet()["balance"] == before["balance"], before)
