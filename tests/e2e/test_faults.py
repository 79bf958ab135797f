"""What goes wrong at the provider: no text twice, none lost, and the money where it belongs.

All sends start together, because the slowest of them takes more than a minute of careful asking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from world import FORM_PROVIDERS, PROVIDERS, SMS_PRICE, Api, Simulator, Tenant, World, contact, eventually, summary, throughout, words

LOST = ["accept_then_timeout", "accept_then_close", "accept_then_5xx", "garbage_200"]
BEFORE = ["drop_before", "reset"]
# What a provider answers to a message that it takes.
TAKEN = {"twilio": 201, "signalwire": 201, "telnyx": 200}
# Each provider's words for what goes wrong.
CODES = {
    "twilio": {"refused": "21211", "landline": "21614", "undelivered": "30003", "failed": "30005"},
    "signalwire": {"refused": "21211", "landline": "21606", "undelivered": "30003", "failed": "30005"},
    "telnyx": {"refused": "40310", "landline": "40001", "undelivered": "40008", "failed": "40013"},
}


@dataclass
class Case:
    provider: str
    phone: str
    sent: dict[str, Any]
    faults: list[int] = field(default_factory=list)


@dataclass
class Underway:
    tenant: Tenant
    cases: dict[tuple[str, str], Case]

    def of(self, kind: str, provider: str) -> Case:
        return self.cases[kind, provider]

    @property
    def api(self) -> Api:
        return self.tenant.api


@pytest.fixture(scope="module")
def underway(world: World) -> Underway:
    tenant, sim = world.tenant(), world.sim
    numbers = {provider: tenant.number(provider) for provider in PROVIDERS}
    tenant.deposit("10")
    cases: dict[tuple[str, str], Case] = {}

    def start(name: str, provider: str, *faults: tuple[str, str, dict[str, Any]], phone: dict[str, Any] | None = None) -> None:
        to = contact()
        if phone:
            sim.script(to, **phone)
        ids = []
        for operation, kind, options in faults:
            options = {**options, "match": {"to": to, **options.get("match", {})}}
            ids.append(sim.fault(operation, kind, **options))
        sent = tenant.api.send(to=to, message=words(name), **{"from": numbers[provider]})
        cases[name, provider] = Case(provider, to, sent, ids)

    silent = ("callbacks.status", "drop", {"times": 0})
    for provider in PROVIDERS:
        for kind in LOST:
            start(kind, provider, ("messages.create", kind, {}))
        codes = CODES[provider]
        # Telnyx cannot be asked for its messages: there only the callback resolves a lost answer.
        if provider in FORM_PROVIDERS:
            for kind in BEFORE:
                start(kind, provider, ("messages.create", kind, {}))
            # The answer is lost and so is every callback: only asking helps.
            start("asked", provider, ("messages.create", "accept_then_close", {}), silent)
        start("status_429", provider, ("messages.create", "status_429", {"retry_after": 3}))
        start("busy", provider, ("messages.create", "status_429", {"retry_after": 1, "times": 3}))
        start("refused", provider, ("messages.create", "error", {"status": 400, "code": int(codes["refused"]), "message": "Invalid 'To' Phone Number"}))
        start("landline", provider, phone={"sms": False})
        start("undelivered", provider, phone={"outcome": "undelivered", "error_code": int(codes["undelivered"])})
        start("failed", provider, phone={"outcome": "failed", "error_code": int(codes["failed"])})
        start("no_receipt", provider, phone={"outcome": "sent"})
        start("reordered", provider, ("callbacks.status", "reorder", {"times": 0}))
        start("duplicated", provider, ("callbacks.status", "duplicate", {"times": 0, "n": 3}))
    return Underway(tenant, cases)


def sent_once(underway: Underway, sim: Simulator, case: Case, timeout: float) -> dict[str, Any]:
    """Demands that the message arrives, and that the provider has it exactly once."""
    message = underway.api.settled(case.sent["id"], timeout=timeout)
    [at_provider] = sim.messages_to(case.phone)
    assert message["providerSid"] == at_provider["sid"], (summary(message), at_provider)
    assert message["errorCode"] is None, summary(message)
    assert [text["body"] for text in sim.inbox(case.phone) if text["kind"] == "message"] == [at_provider["body"]]
    return message


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_is_no_second_text(underway: Underway, sim: Simulator, kind: str, provider: str) -> None:
    case = underway.of(kind, provider)
    sent_once(underway, sim, case, 60)
    assert len(sim.creates_to(case.phone)) == 1


@pytest.mark.parametrize("how", ["refused", "landline"])
def test_a_refusal_fails_with_the_providers_code_and_gives_the_money_back(
    underway: Underway, sim: Simulator, provider: str, how: str
) -> None:
    case = underway.of(how, provider)
    code = CODES[provider][how]
    message = underway.api.settled(case.sent["id"], "failed")
    # Telnyx takes a text to a landline and reports later, with a code and no words.
    taken = (provider, how) == ("telnyx", "landline")
    assert message["errorCode"] == code and (message["errorMessage"] or taken), summary(message)
    assert [attempt["errorCode"] for attempt in message["attempts"]] == [code], summary(message)
    assert message["price"]["charged"] == {"amount": "0", "currency": "USD"}
    assert len(sim.messages_to(case.phone)) == taken
    assert len(sim.creates_to(case.phone)) == 1
    kinds = [e["type"] for e in underway.api.ledger() if e["resource"] == f"message/{message['id']}"]
    assert kinds == ["release", "hold"], kinds


def test_a_busy_provider_is_tried_again_when_it_asked(underway: Underway, sim: Simulator, provider: str) -> None:
    case = underway.of("status_429", provider)
    message = sent_once(underway, sim, case, 60)
    first, second = sim.creates_to(case.phone)
    assert (first["status"], second["status"]) == (429, TAKEN[provider]), (first, second)
    waited = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert 3 <= waited.total_seconds() < 20, waited
    assert message["attempts"][-1]["status"] == "delivered", summary(message)
    assert sum(attempt["providerSid"] is not None for attempt in message["attempts"]) == 1, summary(message)


def test_a_provider_that_stays_busy_is_tried_again_and_again(underway: Underway, sim: Simulator, provider: str) -> None:
    case = underway.of("busy", provider)
    sent_once(underway, sim, case, 60)
    assert [entry["status"] for entry in sim.creates_to(case.phone)] == [429, 429, 429, TAKEN[provider]]


@pytest.mark.parametrize("outcome", ["undelivered", "failed"])
def test_a_bad_end_keeps_its_code_and_is_paid_only_if_it_left(underway: Underway, provider: str, outcome: str) -> None:
    code = CODES[provider][outcome]
    case = underway.of(outcome, provider)
    message = underway.api.settled(case.sent["id"], outcome)
    assert (message["errorCode"], message["deliveredAt"]) == (code, None), summary(message)
    charged = {"undelivered": "0.0075", "failed": "0"}[outcome]
    assert message["price"]["charged"] == {"amount": charged, "currency": "USD"}


def test_a_carrier_without_receipts_leaves_it_sent_and_paid(underway: Underway, provider: str) -> None:
    message = underway.api.settled(underway.of("no_receipt", provider).sent["id"], "sent")
    assert message["price"]["charged"] == {"amount": "0.0075", "currency": "USD"}


@pytest.mark.parametrize("kind", ["reordered", "duplicated"])
def test_callbacks_out_of_order_or_repeated(underway: Underway, sim: Simulator, kind: str, provider: str) -> None:
    sent_once(underway, sim, underway.of(kind, provider), 40)


def test_without_answer_and_callbacks_the_provider_is_asked(underway: Underway, sim: Simulator, form_provider: str) -> None:
    case = underway.of("asked", form_provider)
    message = sent_once(underway, sim, case, 150)
    assert len(sim.creates_to(case.phone)) == 1, summary(message)


@pytest.mark.parametrize("kind", BEFORE)
def test_a_connection_that_closed_before_anything_was_done(underway: Underway, sim: Simulator, kind: str, form_provider: str) -> None:
    case = underway.of(kind, form_provider)
    sent_once(underway, sim, case, 240)
    refused, taken = sim.creates_to(case.phone)
    assert (refused["status"], refused["created"], taken["status"]) == (None, None, 201), (refused, taken)


def test_when_all_has_ended_nothing_is_held(underway: Underway, sim: Simulator) -> None:
    paid = [case for (name, _), case in underway.cases.items() if name not in ("refused", "landline", "failed")]

    def settled() -> bool:
        wallet = underway.api.books_balance()
        assert wallet["held"] == 0, wallet
        assert wallet["balance"] == 10 - SMS_PRICE * len(paid), (wallet, len(paid))
        return True

    eventually(settled, 60)

    def still_once() -> None:
        for case in paid:
            assert len(sim.messages_to(case.phone)) == 1, case
        assert underway.api.wallet()["held"] == Decimal(0)

    throughout(still_once, 3)
    for case in underway.cases.values():
        for fault in case.faults:
            sim.unfault(fault)
