"""Webhooks that a test makes and signs itself, as the providers do: with Twilio's own library, from SignalWire's,
Telnyx's and Retell's descriptions.

Texts and their statuses are spelt alike for all providers, in the names of Twilio's form; `wire` makes of them what goes
over the wire, which at Telnyx is a JSON event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
import urllib.parse
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from twilio.request_validator import RequestValidator

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))

import events  # noqa: E402

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
# The names under which each provider's signature is sent.
SIGNATURES = {
    "twilio": ["X-Twilio-Signature"],
    "signalwire": ["X-SignalWire-Signature", "X-Twilio-Signature"],
    "telnyx": ["telnyx-signature-ed25519"],
    "retell": ["x-retell-signature"],
}
TELNYX_WORDS = {"undelivered": "delivery_failed", "failed": "sending_failed", "read": "delivered"}


class Signer:
    def __init__(self, credentials: dict[str, str], telnyx_seed: str) -> None:
        self.accounts = {
            "twilio": credentials["TwilioAccountSid"], "signalwire": credentials["SignalwireProjectId"],
            "telnyx": credentials["TelnyxAccountId"], "retell": "org_tandem",
        }  # fmt: skip
        self.keys = {
            "twilio": credentials["TwilioAuthToken"], "signalwire": credentials["SignalwireSigningKey"],
            "telnyx": telnyx_seed, "retell": credentials["RetellApiKey"],
        }  # fmt: skip
        self.telnyx_names = {"messaging_profile_id": credentials["TelnyxMessagingProfileId"], "connection_id": credentials["TelnyxConnectionId"]}

    def headers(self, provider: str, url: str, params: dict[str, str], key: str | None = None, at: float | None = None) -> dict[str, str]:
        """The signature over what `wire` makes of these parameters. `key` may be any text; `at` is when it is signed."""
        key = key or self.keys[provider]
        if provider == "twilio":
            return {"X-Twilio-Signature": RequestValidator(key).compute_signature(url, params)}
        if provider == "signalwire":
            text = url + "".join(name + value for name, value in sorted(params.items(), key=lambda pair: pair[0]))
            signature = base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()
            return {"X-SignalWire-Signature": signature, "X-Twilio-Signature": signature}
        return self.json_headers(provider, wire(params)[0], key, at)

    def json_headers(self, provider: str, body: str, key: str | None = None, at: float | None = None) -> dict[str, str]:
        key, at = key or self.keys[provider], at or time.time()
        if provider == "retell":
            return events.retell_headers(key, int(at * 1000), body)
        if len(key) != 44:  # Not a key of 32 bytes in base64: some other one.
            key = base64.b64encode(hashlib.sha256(key.encode()).digest()).decode()
        return events.telnyx_headers(key, int(at), body)

    def new_sid(self, provider: str) -> str:
        return "SM" + secrets.token_hex(16) if provider == "twilio" else str(uuid.uuid4())

    def inbound(self, provider: str, sender: str, to: str, body: str, sid: str | None = None) -> dict[str, str]:
        sid = sid or self.new_sid(provider)
        return {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": self.accounts[provider], "ApiVersion": "2010-04-01",
            "From": sender, "To": to, "Body": body, "NumMedia": "0", "NumSegments": "1", **self.telnyx(provider, "message.received"),
        }  # fmt: skip

    def report(self, provider: str, sid: str, sender: str, to: str, status: str, error: str | None = None) -> dict[str, str]:
        event = "message.sent" if status in ("accepted", "queued", "sending", "sent") else "message.finalized"
        return {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": self.accounts[provider], "ApiVersion": "2010-04-01",
            "From": sender, "To": to, "MessageStatus": status, "SmsStatus": status,
            **({"ErrorCode": error} if error else {}), **self.telnyx(provider, event),
        }  # fmt: skip

    def telnyx(self, provider: str, event: str) -> dict[str, str]:
        if provider != "telnyx":
            return {}
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"event_type": event, "event_id": str(uuid.uuid4()), "occurred_at": now, "messaging_profile_id": self.telnyx_names["messaging_profile_id"]}


def wire(params: dict[str, str]) -> tuple[str, str]:
    """Body and content type. What a test has added is in the body, too."""
    if "event_type" not in params:
        return urllib.parse.urlencode(params), FORM
    return json.dumps(telnyx_event(params)), "application/json"


def telnyx_event(params: dict[str, str]) -> dict[str, Any]:
    """A message's event (OpenAPI, InboundMessageEvent and OutboundMessageEvent)."""
    rest = dict(params)
    envelope = {"event_type": rest.pop("event_type"), "id": rest.pop("event_id"), "occurred_at": rest.pop("occurred_at"), "record_type": "event"}
    is_report = "MessageStatus" in rest
    count = rest.pop("NumMedia", "0")
    media = [
        {"url": rest.pop(f"MediaUrl{n}"), "content_type": rest.pop(f"MediaContentType{n}", "")}
        for n in range(int(count) if count.isdigit() else 0)
    ]  # fmt: skip
    status = rest.pop("MessageStatus", "webhook_delivered")
    code = rest.pop("ErrorCode", None)
    for twin in ("SmsSid", "SmsStatus", "ApiVersion"):
        rest.pop(twin, None)
    payload: dict[str, Any] = {"record_type": "message", "direction": "outbound" if is_report else "inbound", "type": "MMS" if media else "SMS"}
    payload |= {"id": rest.pop("MessageSid", None), "organization_id": rest.pop("AccountSid", None), "text": rest.pop("Body", None)}
    payload["from"] = {"phone_number": rest.pop("From", None), "carrier": "", "line_type": ""}
    payload["to"] = [{"phone_number": rest.pop("To", None), "status": TELNYX_WORDS.get(status, status), "carrier": "", "line_type": ""}]
    payload |= {"cc": [], "media": media, "errors": [{"code": code, "title": "failed"}] if code else []}
    parts = rest.pop("NumSegments", None)
    if parts is not None:
        payload["parts"] = int(parts)
    return {"data": {**envelope, "payload": {**payload, **rest}}, "meta": {"attempt": 1}}
