"""`make curl`: prints a signed webhook of any provider for the local stack, ready to be pasted into a shell.

Unsigned ones are refused there as everywhere. Telnyx's and Retell's signatures are good for five minutes.

    make curl ARGS="telnyx call.initiated"
    make curl ARGS="twilio sms --body 'Are you open?' --run"
"""

from __future__ import annotations

import argparse
import secrets
import shlex
import subprocess
import uuid
from collections.abc import Callable
from typing import Any

import events
from events import World
from stack import Stack
from tools import Problem, main

Event = dict[str, Any]
Make = Callable[[World, str, str], Event]


def hexadecimal() -> str:
    return "SM" + secrets.token_hex(16)


def form(provider: str, sid: Callable[[], str], kind: str) -> Make:
    def make(world: World, phone: str, body: str) -> Event:
        if kind == "sms":
            return events.webhook(world, provider, "sms", {**events.text(world, provider, sid(), body), "From": phone})
        report = events.report(world, provider, sid(), "delivered")
        return events.webhook(world, provider, "status-callback", {**report, "To": phone}, f"m={events.opaque(events.OUTBOUND)}")

    return make


def telnyx(kind: str, payload: Callable[[World, str], dict[str, Any]]) -> Make:
    def make(world: World, phone: str, body: str) -> Event:
        query = f"m={events.opaque(events.OUTBOUND)}" if kind == "message.finalized" else ""
        return events.telnyx(world, kind, payload(world, body) | sides(world, kind, phone), query=query)

    return make


def sides(world: World, kind: str, phone: str) -> dict[str, Any]:
    """Fresh ids, and the phone that the event is about."""
    leg = {"call_control_id": f"v3:{secrets.token_hex(16)}", "call_leg_id": str(uuid.uuid4()), "call_session_id": str(uuid.uuid4()), "from": phone}
    if kind.startswith("call."):
        return leg
    remote = {"phone_number": phone, "carrier": "", "line_type": "Wireless"}
    return {"id": str(uuid.uuid4()), **({"from": remote} if kind == "message.received" else {"to": [{**remote, "status": "delivered"}]})}


def retell(kind: str, **more: Any) -> Make:
    def make(world: World, phone: str, _: str) -> Event:
        if kind == "call_inbound":
            asked = {"agent_id": "agent_demo", "from_number": phone, "to_number": world.numbers["retell"]}
            return events.retell(world, {"event": kind, "event_timestamp": world.signed_at * 1000, "call_inbound": asked})
        call = events.retell_call(world, call_id="call_" + secrets.token_hex(14), from_number=phone, **more)
        return events.retell(world, {"event": kind, "call": call})

    return make


ENDED = {"call_status": "ended", "end_timestamp": events.AT_MILLIS + 61_000, "duration_ms": 61_000, "disconnection_reason": "user_hangup"}
EVENTS: dict[str, dict[str, Make]] = {
    "twilio": {kind: form("twilio", hexadecimal, kind) for kind in ("sms", "status")},
    "signalwire": {kind: form("signalwire", lambda: str(uuid.uuid4()), kind) for kind in ("sms", "status")},
    "telnyx": {
        "message.received": telnyx("message.received", events.telnyx_text),
        "message.finalized": telnyx("message.finalized", lambda world, _: events.telnyx_sent(world, "delivered")),
        "call.initiated": telnyx("call.initiated", lambda world, _: events.telnyx_call(world, direction="incoming", state="parked", start_time=events.AT)),
        "call.answered": telnyx("call.answered", lambda world, _: events.telnyx_call(world, state="answered", start_time=events.AT)),
        "call.hangup": telnyx("call.hangup", lambda world, _: events.telnyx_call(
            world, hangup_cause="normal_clearing", hangup_source="caller", sip_hangup_cause="200", start_time=events.AT)),
    },
    "retell": {
        "call_started": retell("call_started", call_status="ongoing"),
        "call_ended": retell("call_ended", **ENDED),
        "call_analyzed": retell("call_analyzed", **ENDED, call_analysis={"call_summary": "A table was booked.", "in_voicemail": False}),
        "call_inbound": retell("call_inbound"),
    },
}  # fmt: skip


def command(base: str, event: Event) -> list[str]:
    """The request of an event, as curl takes it."""
    body = events.body_of(event)
    query = f"?{event['rawQueryString']}" if event["rawQueryString"] else ""
    kept = [(name, value) for name, value in event["headers"].items() if name == "content-type" or "signature" in name or "timestamp" in name]
    headers = [part for name, value in kept for part in ("-H", f"{name}: {value}")]
    return ["curl", "-sS", "-i", "-X", "POST", f"{base}{event['rawPath']}{query}", *headers, "--data-binary", body]


def signed_curl() -> int:
    listed = "\n".join(f"  {provider:<11} {' '.join(kinds)}" for provider, kinds in EVENTS.items())
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"events:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("provider", choices=EVENTS)
    parser.add_argument("event")
    parser.add_argument("--phone", default="+12025550147", help="the other party")
    parser.add_argument("--body", default="Hello, are you open today?", help="of an inbound text")
    parser.add_argument("--name", default="demo", help="the stack")
    parser.add_argument("--run", action="store_true", help="run it instead of printing it")
    arguments = parser.parse_args()
    make = EVENTS[arguments.provider].get(arguments.event)
    if make is None:
        raise Problem(f"{arguments.provider} has no event {arguments.event} here; there are\n{listed}")
    stack = Stack(arguments.name)
    if "api" not in stack.state:
        raise Problem("no local stack; run: make up")
    world = events.of_stack(stack)
    line = command(world.base, make(world, arguments.phone, arguments.body))
    if arguments.run:
        return subprocess.run(line).returncode
    print(" ".join(shlex.quote(part) for part in line))
    return 0


if __name__ == "__main__":
    main(signed_curl)
