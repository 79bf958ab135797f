"""Calls that come in: to a user's phone, to the mailbox, to an agent's voice server."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timezone
from typing import Any

import requests

from .telling import NAMES, Telling

GREETING = "You have reached the voicemail. Please leave a message after the beep."
# Providers whose numbers the plan of a call is for.
CALLED = ["twilio", "signalwire", "telnyx"]


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Calling(Telling):
    def the_calls(self) -> None:
        for provider in CALLED:
            self.forwarded(provider)
        for provider in ("twilio", "signalwire"):
            self.mailbox(provider)
        self.agent()
        self.history()

    def sim(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = requests.request(method, f"{self.stack.simulator}/_sim{path}", json=body, params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def wishes(self, **wishes: Any) -> None:
        answer = self.call("PUT", "/api/preferences", wishes)
        self.check("noted (200)", answer.status_code == 200, answer.text)

    def over(self, phone: str, since: str) -> dict[str, Any]:
        """The call of a phone since then, once it is over."""

        def look() -> dict[str, Any] | None:
            items = self.call("GET", "/api/calls?limit=25", quiet=True).json()["items"]
            return next((call for call in items if call["from"] == phone and call["createdAt"] >= since and call["outcome"]), None)

        return self.until("the end of the call", look, 60)

    def heard(self, sid: str) -> list[dict[str, Any]]:
        """What the caller heard, where the simulator tells it (Twilio and SignalWire)."""
        [call] = self.sim("GET", "/calls", id=sid)["calls"]
        for entry in call["heard"]:
            about = entry.get("text") or entry.get("to") or entry.get("with") or entry.get("url") or entry.get("status") or ""
            print(f"               the caller: {entry['kind'].replace('_', ' ')} {about}")
        return call["heard"]

    def forwarded(self, provider: str) -> None:
        caller, mobile, number = self.stranger(), self.stranger(), self.numbers[provider]
        self.step(f"Somebody calls our {NAMES[provider]} number {number}; the call is forwarded to a mobile phone, which answers.")
        self.wishes(callForwardingEnabled=True, callForwardingNumber=mobile, voicemailEnabled=True)
        self.sim("POST", f"/phones/{mobile}", {"call": {"answer": "human", "hang_up_after_steps": 12}})
        since = now()
        placed = self.sim("POST", f"/phones/{caller}/call", {"to": number, "attestation": "A"})
        call = self.over(caller, since)
        if "call_sid" in placed:
            self.heard(placed["call_sid"])
        self.check(f"outcome: {call['outcome']}", call["outcome"] == "answered", call)
        signature = call["signature"]
        expected = "unreported" if provider == "signalwire" else "verified"
        self.check(f"the caller's number: {signature['status']} {signature['attestation'] or ''}".rstrip(), signature["status"] == expected, signature)

    def mailbox(self, provider: str) -> None:
        caller, mobile, number = self.stranger(), self.stranger(), self.numbers[provider]
        self.step(f"Somebody calls our {NAMES[provider]} number; the mobile phone is busy, and the caller leaves a message.")
        self.wishes(callForwardingEnabled=True, callForwardingNumber=mobile, voicemailEnabled=True)
        self.sim("POST", f"/phones/{mobile}", {"call": {"answer": "busy"}})
        script = {"speech": "Please call me back.", "speech_seconds": 2, "hang_up_when": "recording_ends"}
        since = now()
        placed = self.sim("POST", f"/phones/{caller}/call", {"to": number, "call": script})

        def left() -> dict[str, Any] | None:
            items = self.call("GET", "/api/voicemails", quiet=True).json()["items"]
            return next((item for item in items if item["from"] == caller and item["createdAt"] >= since and item["recordingUrl"]), None)

        message = self.until("the message", left, 60)
        heard = self.heard(placed["call_sid"])
        self.check("the caller was greeted by the mailbox", any(entry.get("text") == GREETING for entry in heard), heard)
        sound = requests.get(message["recordingUrl"], timeout=30)
        print(f"               {message['duration']} s, {len(sound.content)} bytes of {sound.headers['content-type']}: {message['recordingUrl'].partition('?')[0]}")
        self.check("its sound is ours to play", sound.status_code == 200 and sound.headers["content-type"].startswith("audio/"), sound.status_code)
        self.check("the call's outcome: voicemail", self.over(caller, since)["outcome"] == "voicemail")

    def agent(self) -> None:
        caller, number, agent = self.stranger(), self.numbers["twilio"], "ag-" + secrets.token_hex(4)
        self.step("An agent takes the calls of our Twilio number: its voice server gets the sound, and may ask what the agent is.")
        body = {"id": agent, "name": "Desk", "kind": "stream", "stream": {"url": "wss://voice.example.com/calls"}, "prompt": "Take bookings.", "voice": "nova"}
        answer = self.call("POST", "/api/agents", body, user="admin")
        self.check("made (201)", answer.status_code == 201, answer.text)
        [held] = [item for item in self.call("GET", "/api/numbers", quiet=True).json()["items"] if item["phoneNumber"] == number]
        answer = self.call("PATCH", f"/api/numbers/{held['id']}", {"agentId": agent}, user="admin")
        self.check("assigned (200)", answer.status_code == 200, answer.text)

        def streamed() -> dict[str, Any] | None:
            placed = self.sim("POST", f"/phones/{caller}/call", {"to": number, "call": {"hang_up_after_steps": 20}})
            [call] = self.sim("GET", "/calls", id=placed["call_sid"])["calls"]
            entry = next((entry for entry in call["heard"] if entry["kind"] == "streamed"), None)
            if entry is None:
                # A route is remembered for a minute: until then the call goes where it went before.
                print("               the change has not come to every process yet; we call again in 10 seconds", flush=True)
                self.sim("POST", f"/calls/{placed['call_sid']}/hang_up", {})
                time.sleep(10)
            return entry

        entry = self.until("the stream", streamed, 90)
        told = entry["parameters"]
        print(f"               {entry['url']} is told {', '.join(sorted(told))}")
        config = requests.get(told["configUrl"], headers={"X-Call-Token": told["token"]}, timeout=30)
        self.check(f"with the call's token it reads the prompt: “{config.json().get('prompt')}”", config.json().get("prompt") == "Take bookings.", config.text)
        refused = requests.get(told["configUrl"], headers={"X-Call-Token": "guess"}, timeout=30)
        self.check("and without it nothing (404)", refused.status_code == 404, refused.status_code)
        self.call("PATCH", f"/api/numbers/{held['id']}", {"agentId": None}, user="admin")

    def history(self) -> None:
        self.step("The history of calls.")
        for call in self.call("GET", "/api/calls?limit=15").json()["items"]:
            signed = f"{call['signature']['status']} {call['signature']['attestation'] or ''}".rstrip()
            print(f"               {call['createdAt'][11:19]}  {NAMES[call['provider']]:<11} {call['from']:<13} {call['outcome'] or call['status']:<10} {call['duration'] or 0:>3} s  signature: {signed}")
        self.check("listed", True)
