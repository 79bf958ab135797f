"""`make events`: writes events/, one event for each function and case, and plays it on the local stack when one runs.

The files are signed with the demo keys below and for the demo address, so that they are the same for everybody. To be
played on a stack they are rendered anew, with its address, keys and numbers. events/README.md describes them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import artifacts
from stack import Stack
from tools import ROOT, Problem, main

EVENTS = ROOT / "events"
TENANT = "demo"
USER = "0d9f8a52-58f4-4a6b-9d3e-2f6f0c1b7a11"
# The message that `send-message` would have made; the provider's ids are written out, ours follow from them.
OUTBOUND = "01JDEM0000000000000000SENT"
AT = "2026-11-21T12:00:00.000Z"
AT_MILLIS = 1_795_262_400_000
TWILIO_TEXT = "SM" + "0" * 30 + "01"
TWILIO_MMS = "MM" + "0" * 30 + "02"
TWILIO_SENT = "SM" + "0" * 30 + "03"
SIGNALWIRE_TEXT = "20000000-0000-4000-8000-000000000001"
SIGNALWIRE_STOP = "20000000-0000-4000-8000-000000000002"
TELNYX_TEXT = "40385f64-5717-4562-b3fc-000000000001"
TELNYX_SENT = "40385f64-5717-4562-b3fc-000000000002"
TWILIO_CALL = "CA" + "0" * 30 + "01"
TWILIO_RECORDING = "RE" + "0" * 30 + "01"
SIGNALWIRE_RECORDING = "60000000-0000-4000-8000-000000000001"
SIGNALWIRE_CALL = "50000000-0000-4000-8000-000000000001"
TELNYX_CALL = "44444444-4444-4444-8444-444444444444"
RETELL_CALL = "call_0000000000000000000000000001"
EVENT = "evt_01JDEM0000000000000000TE1D"
ENDPOINT = "ep_01JDEM000000000000000END01"


@dataclass(frozen=True)
class World:
    """What the events speak of. The defaults are what is written to events/; none of it is a real key or address."""

    base: str = "https://tandem.example.com"
    twilio_account: str = "AC" + "1" * 32
    twilio_token: str = "demo-twilio-auth-token"
    signalwire_project: str = "11111111-1111-4111-8111-111111111111"
    signalwire_key: str = "PSK_demo-signing-key"
    # 32 bytes in base64: the private half of Telnyx's signing key.
    telnyx_seed: str = base64.b64encode(b"a demo seed of thirty-two bytes.").decode()
    telnyx_account: str = "33333333-3333-4333-8333-333333333333"
    telnyx_connection: str = "1494404757140276705"
    telnyx_profile: str = "40017a3c-16fa-4b3c-8b3c-000000000003"
    retell_key: str = "key_demo-webhook-badge"
    # When Telnyx's and Retell's events are signed: such a signature is good for five minutes.
    signed_at: int = AT_MILLIS // 1000
    numbers: dict[str, str] = field(
        default_factory=lambda: {"twilio": "+12025550110", "signalwire": "+12025550111", "telnyx": "+12025550112", "retell": "+12025550113"}
    )
    phone: str = "+12025550145"
    stopping_phone: str = "+12025550146"
    twilio_api: str = "https://api.twilio.com"
    media: str = "ME" + "0" * 30 + "01"
    table: str = "tandem"
    queues: str = "arn:aws:sqs:us-east-1:000000000000:tandem"


# ---- ids ---------------------------------------------------------------------------------------------

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(bits: int) -> str:
    return "".join(CROCKFORD[bits >> 5 * place & 31] for place in reversed(range(26)))


def bits(text: str) -> int:
    number = 0
    for character in text:
        number = number << 5 | CROCKFORD.index(character)
    return number


def derived(*parts: str) -> str:
    """The id that always follows from these parts: inbound messages and conversations have such ones."""
    digest = hashlib.sha256(b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)).digest()
    return ulid(int.from_bytes(digest[:16], "big"))


def inbound_id(account: str, sid: str) -> str:
    return derived("inbound", account, sid)


def conversation_id(phone: str) -> str:
    return derived("conversation", TENANT, phone)


def opaque(message: str, attempt: int = 1) -> str:
    """What our status callback URL carries: message, attempt and tenant."""
    raw = bits(message).to_bytes(16, "big") + attempt.to_bytes(4, "big") + TENANT.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def call_of(provider: str) -> str:
    """The query of the URLs in a call's document: call and tenant."""
    sid = {"twilio": TWILIO_CALL, "signalwire": SIGNALWIRE_CALL}[provider]
    raw = bits(derived("call", f"platform-{provider}", sid)).to_bytes(16, "big") + TENANT.encode()
    return "c=" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def voicemail() -> str:
    """Our id of the message that is left at SignalWire."""
    return f"{derived('call', 'platform-signalwire', SIGNALWIRE_CALL)}-{SIGNALWIRE_RECORDING}"


# ---- HTTP --------------------------------------------------------------------------------------------


def http(world: World, method: str, route: str, path: str, **more: Any) -> dict[str, Any]:
    """An event of API Gateway's HTTP API, payload 2.0."""
    host = urllib.parse.urlsplit(world.base).hostname or ""
    query, body, headers = more.get("query", ""), more.get("body"), more.get("headers", {})
    raw = body.encode() if isinstance(body, str) else None
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {route}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": host, "user-agent": "events/1.0", "x-forwarded-proto": "https", **headers},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "tandem",
            "domainName": host,
            "domainPrefix": host.split(".")[0],
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "events/1.0"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"{method} {route}",
            "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000",
            "timeEpoch": AT_MILLIS,
        },
        "isBase64Encoded": is_form,
    }
    if query:
        event["queryStringParameters"] = dict(urllib.parse.parse_qsl(query))
    if raw is not None:
        event["body"] = base64.b64encode(raw).decode() if is_form else body
        event["headers"]["content-length"] = str(len(raw))
    names = [part[1:-1] for part in route.split("/") if part.startswith("{")]
    if names:
        places = [place for place, part in enumerate(route.split("/")) if part.startswith("{")]
        event["pathParameters"] = {name: urllib.parse.unquote(path.split("/")[place]) for name, place in zip(names, places)}
    return event


def body_of(event: dict[str, Any]) -> str:
    """The body as it goes over the wire."""
    body = event.get("body", "")
    return base64.b64decode(body).decode() if event["isBase64Encoded"] else body


def api(world: World, method: str, route: str, path: str | None = None, *, groups: str = "", **more: Any) -> dict[str, Any]:
    """A request whose token the gateway has checked."""
    if "json" in more:
        more["body"] = json.dumps(more.pop("json"), ensure_ascii=False)
        more["headers"] = {"content-type": "application/json", **more.get("headers", {})}
    event = http(world, method, route, path or route, **more)
    claims = {"sub": USER, "custom:tenant_id": TENANT, "token_use": "id", **({"cognito:groups": f"[{groups}]"} if groups else {})}
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return event


def sign(key: str, url: str, params: dict[str, str]) -> str:
    """Both providers: base64 of HMAC-SHA1 over the URL and the sorted form. Each name is there once."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def webhook(world: World, provider: str, kind: str, params: dict[str, str], query: str = "", key: str | None = None) -> dict[str, Any]:
    path = f"/api/webhooks/{provider}/{kind}"
    url = world.base + path + (f"?{query}" if query else "")
    account = {"twilio": world.twilio_account, "signalwire": world.signalwire_project}[provider]
    key = key or {"twilio": world.twilio_token, "signalwire": world.signalwire_key}[provider]
    params = {"ApiVersion": "2010-04-01", "AccountSid": account, **params}
    headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8", "x-twilio-signature": sign(key, url, params)}
    if provider == "signalwire":
        headers["x-signalwire-signature"] = headers["x-twilio-signature"]
    return http(world, "POST", f"/api/webhooks/{{provider}}/{kind}", path, query=query, body=urllib.parse.urlencode(params), headers=headers)


def telnyx_headers(seed: str, at: int, body: str) -> dict[str, str]:
    """Ed25519 over the time, a bar and the body."""
    signature = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)).sign(f"{at}|{body}".encode())
    return {"telnyx-timestamp": str(at), "telnyx-signature-ed25519": base64.b64encode(signature).decode()}


def retell_headers(key: str, at_millis: int, body: str) -> dict[str, str]:
    """HMAC-SHA256 over the body and the time, with nothing in between."""
    digest = hmac.new(key.encode(), f"{body}{at_millis}".encode(), hashlib.sha256).hexdigest()
    return {"x-retell-signature": f"v={at_millis},d={digest}"}


def telnyx(world: World, kind: str, payload: dict[str, Any], *, query: str = "", seed: str | None = None) -> dict[str, Any]:
    """An event of Telnyx: everything about it is below `data.payload`."""
    data = {"event_type": kind, "id": f"0ccc7b54-4df3-4bca-a65a-{len(kind):012d}", "occurred_at": AT, "payload": payload, "record_type": "event"}
    body = json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": f"{world.base}/api/webhooks/telnyx"}})
    headers = {"content-type": "application/json", **telnyx_headers(seed or world.telnyx_seed, world.signed_at, body)}
    return http(world, "POST", "/api/webhooks/telnyx", "/api/webhooks/telnyx", query=query, body=body, headers=headers)


def telnyx_text(world: World, body: str) -> dict[str, Any]:
    return {
        "record_type": "message", "direction": "inbound", "id": TELNYX_TEXT, "type": "SMS", "messaging_profile_id": world.telnyx_profile,
        "organization_id": world.telnyx_account, "from": {"phone_number": world.phone, "carrier": "", "line_type": "Wireless"},
        "to": [{"phone_number": world.numbers["telnyx"], "status": "webhook_delivered", "carrier": "", "line_type": ""}],
        "cc": [], "text": body, "media": [], "encoding": "GSM-7", "parts": 1, "received_at": AT, "errors": [],
    }  # fmt: skip


def telnyx_sent(world: World, status: str) -> dict[str, Any]:
    return {
        "record_type": "message", "direction": "outbound", "id": TELNYX_SENT, "type": "SMS", "messaging_profile_id": world.telnyx_profile,
        "organization_id": world.telnyx_account, "from": {"phone_number": world.numbers["telnyx"], "carrier": "", "line_type": ""},
        "to": [{"phone_number": world.phone, "status": status, "carrier": "", "line_type": ""}], "cc": [], "text": "Your table is ready.",
        "media": [], "encoding": "GSM-7", "parts": 1, "cost": {"amount": "0.0040", "currency": "USD"}, "completed_at": AT, "errors": [],
    }  # fmt: skip


def telnyx_call(world: World, **more: Any) -> dict[str, Any]:
    return {
        "call_control_id": "v3:demo-call", "call_leg_id": TELNYX_CALL, "call_session_id": "44444444-4444-4444-8444-444444444445",
        "connection_id": world.telnyx_connection, "client_state": None, "from": world.phone, "to": world.numbers["telnyx"], **more,
    }  # fmt: skip


def retell(world: World, body: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
    text = json.dumps(body)
    headers = {"content-type": "application/json", **retell_headers(key or world.retell_key, world.signed_at * 1000, text)}
    return http(world, "POST", "/api/webhooks/retell", "/api/webhooks/retell", body=text, headers=headers)


def retell_call(world: World, **more: Any) -> dict[str, Any]:
    return {
        "call_id": RETELL_CALL, "call_type": "phone_call", "agent_id": "agent_demo", "agent_version": 1, "from_number": world.phone,
        "to_number": world.numbers["retell"], "direction": "inbound", "start_timestamp": AT_MILLIS, "metadata": {}, **more,
    }  # fmt: skip


def text(world: World, provider: str, sid: str, body: str, **more: str) -> dict[str, str]:
    return {
        "MessageSid": sid, "SmsSid": sid, "From": world.phone, "To": world.numbers[provider], "Body": body,
        "NumMedia": "0", "NumSegments": "1", **more,
    }  # fmt: skip


def report(world: World, provider: str, sid: str, status: str, **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "SmsSid": sid, "From": world.numbers[provider], "To": world.phone, "MessageStatus": status, **more}


def call(world: World, provider: str, status: str, **more: str) -> dict[str, str]:
    sid = {"twilio": TWILIO_CALL, "signalwire": SIGNALWIRE_CALL}[provider]
    return {"CallSid": sid, "CallStatus": status, "Direction": "inbound", "From": world.phone, "To": world.numbers[provider], **more}


def recorded(world: World, provider: str, sid: str, seconds: str) -> dict[str, str]:
    """A recording is made. Neither provider names the parties."""
    of = call(world, provider, "completed")
    made = {"RecordingSid": sid, "RecordingStatus": "completed", "RecordingDuration": seconds, "RecordingChannels": "1"}
    return {"CallSid": of["CallSid"], **made}


def media_url(world: World) -> str:
    return f"{world.twilio_api}/2010-04-01/Accounts/{world.twilio_account}/Messages/{TWILIO_MMS}/Media/{world.media}"


# ---- queues, the stream, the clock -----------------------------------------------------------------------


def job(world: World, queue: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": "2e1424d4-f796-459a-8184-9c92662be6da",
                "receiptHandle": "AQEBzWwaftRI0KuVm4tP",
                "body": json.dumps(body),
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": str(AT_MILLIS),
                    "SenderId": "000000000000",
                    "ApproximateFirstReceiveTimestamp": str(AT_MILLIS),
                },
                "messageAttributes": {},
                "md5OfBody": hashlib.md5(json.dumps(body).encode()).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"{world.queues}-{queue}",
                "awsRegion": "us-east-1",
            }
        ]
    }


def outbound_item(world: World) -> dict[str, Any]:
    """The message that waits to be sent, as it is stored."""
    document = {
        "account": "platform-twilio", "direction": "outbound", "encoding": "GSM-7",
        "from": {"kind": "phone", "value": world.numbers["twilio"]}, "number": derived("number", TENANT, "platform-twilio", world.numbers["twilio"]),
        "provider": "twilio", "route": {"reasons": ["override"]}, "segments": 1, "send_before": "2099-11-21T16:00:00.000Z",
        "to": {"kind": "phone", "value": world.phone}, "user": USER, "price": 7500,
    }  # fmt: skip
    return {
        "PK": {"S": f"T#{TENANT}#M#{OUTBOUND}"}, "SK": {"S": "M"}, "ent": {"S": "msg"}, "doc": {"S": json.dumps(document)},
        "body": {"S": "Your table is ready."}, "st": {"S": "queued"}, "rk": {"N": "4"}, "at": {"N": "0"}, "ua": {"N": str(AT_MILLIS)},
        "GSI1PK": {"S": f"T#{TENANT}#C#{conversation_id(world.phone)}"}, "GSI1SK": {"S": f"{AT}#{OUTBOUND}"},
        "GSI2PK": {"S": f"PEND#send#{bits(OUTBOUND) % 4}"}, "GSI2SK": {"S": f"2026-11-21T12:01:00.000Z#{TENANT}#{OUTBOUND}"},
    }  # fmt: skip


def attempt_item(world: World) -> dict[str, Any]:
    """Its one attempt, after the provider's receipt."""
    return {
        "PK": {"S": f"T#{TENANT}#M#{OUTBOUND}"}, "SK": {"S": "A#0001"}, "ent": {"S": "att"}, "prov": {"S": "twilio"},
        "acct": {"S": "platform-twilio"}, "from": {"S": json.dumps({"kind": "phone", "value": world.numbers["twilio"]})},
        "sa": {"N": str(AT_MILLIS)}, "lu": {"N": str(AT_MILLIS + 65_000)}, "asked": {"N": "0"}, "st": {"S": "delivered"}, "rk": {"N": "11"},
        "sid": {"S": TWILIO_SENT}, "ua": {"N": str(AT_MILLIS + 2_000)}, "da": {"N": str(AT_MILLIS + 2_000)},
    }  # fmt: skip


def change(world: World, name: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventID": "c4ca4238a0b923820dcc509a6f75849b",
                "eventName": name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1",
                "dynamodb": {
                    "ApproximateCreationDateTime": AT_MILLIS // 1000,
                    "Keys": {"PK": item["PK"], "SK": item["SK"]},
                    "NewImage": item,
                    "SequenceNumber": "4421584500000000017450439091",
                    "SizeBytes": 600,
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
                "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{world.table}/stream/2026-11-21T00:00:00.000",
            }
        ]
    }


# ---- all of them --------------------------------------------------------------------------------------


def render(world: World) -> dict[str, dict[str, Any]]:
    """Every event by the name of its file: `<function>.<case>.json` or `<function>.json`."""
    phone = urllib.parse.quote(world.phone, safe="")
    mms = inbound_id("platform-twilio", TWILIO_MMS)
    attached = {"NumMedia": "1", "MediaUrl0": media_url(world), "MediaContentType0": "image/png"}
    callback = f"m={opaque(OUTBOUND)}"
    send = {"to": world.phone, "from": world.numbers["twilio"]}
    messages, conversations, templates, managed = "/api/messages", "/api/conversations", "/api/templates", "/api/provider-management"
    repair = "/api/numbers/repair-webhooks"
    own = {"account_sid": "AC" + "2" * 32, "auth_token": "demo-own-auth-token", "display_name": "Our own"}
    return {
        "sms-webhook.twilio": webhook(world, "twilio", "sms", text(world, "twilio", TWILIO_TEXT, "Hello, are you open today?", FromCountry="US", FromCity="")),
        "sms-webhook.signalwire": webhook(world, "signalwire", "sms", text(world, "signalwire", SIGNALWIRE_TEXT, "Grüezi 😀 & good morning")),
        "sms-webhook.twilio-mms": webhook(world, "twilio", "sms", text(world, "twilio", TWILIO_MMS, "Here is my receipt", **attached)),
        "sms-webhook.signalwire-stop": webhook(world, "signalwire", "sms", text(world, "signalwire", SIGNALWIRE_STOP, "STOP", From=world.stopping_phone)),
        "sms-webhook.forged": webhook(world, "twilio", "sms", text(world, "twilio", "SM" + "f" * 32, "Wire me the money"), key="not the key"),
        "status-callback.twilio-sent": webhook(world, "twilio", "status-callback", report(world, "twilio", TWILIO_SENT, "sent"), callback),
        "status-callback.twilio-delivered": webhook(world, "twilio", "status-callback", report(world, "twilio", TWILIO_SENT, "delivered"), callback),
        "status-callback.signalwire-undelivered": webhook(
            world, "signalwire", "status-callback", report(world, "signalwire", SIGNALWIRE_TEXT, "undelivered", ErrorCode="30003"), f"m={opaque(OUTBOUND, 2)}"),
        "status-callback.forged": webhook(world, "twilio", "status-callback", report(world, "twilio", TWILIO_SENT, "read"), callback, key="not the key"),
        "voice-webhook.twilio": webhook(world, "twilio", "voice", call(world, "twilio", "ringing", StirVerstat="TN-Validation-Passed-A")),
        "voice-webhook.signalwire": webhook(world, "signalwire", "voice", call(world, "signalwire", "ringing")),
        "voice-webhook.unanswered": webhook(world, "twilio", "dial-action", call(world, "twilio", "in-progress", DialCallStatus="no-answer"), call_of("twilio")),
        "voice-webhook.forged": webhook(world, "twilio", "voice", call(world, "twilio", "ringing"), key="not the key"),
        "call-status.twilio": webhook(
            world, "twilio", "call-status", call(world, "twilio", "completed", CallDuration="61", Duration="2", SequenceNumber="3"), call_of("twilio")),
        "call-status.machine": webhook(world, "signalwire", "amd-status", call(world, "signalwire", "in-progress", AnsweredBy="machine_start"), call_of("signalwire")),
        "call-status.forged": webhook(world, "twilio", "call-status", call(world, "twilio", "completed"), key="not the key"),
        "recording-status.completed": webhook(world, "twilio", "recording-status", recorded(world, "twilio", TWILIO_RECORDING, "61"), call_of("twilio")),
        "recording-status.forged": webhook(world, "twilio", "recording-status", recorded(world, "twilio", TWILIO_RECORDING, "61"), call_of("twilio"), key="not the key"),
        "voicemail-recording.completed": webhook(
            world, "signalwire", "voicemail-recording", recorded(world, "signalwire", SIGNALWIRE_RECORDING, "7"), call_of("signalwire")),
        "voicemail-recording.transcription": webhook(world, "signalwire", "transcription", {
            **call(world, "signalwire", "completed"), "RecordingSid": SIGNALWIRE_RECORDING, "TranscriptionStatus": "completed",
            "TranscriptionText": "Please call me back."}, call_of("signalwire")),
        "voicemail-recording.forged": webhook(
            world, "signalwire", "voicemail-recording", recorded(world, "signalwire", SIGNALWIRE_RECORDING, "7"), call_of("signalwire"), key="not the key"),
        "telnyx-webhook.text": telnyx(world, "message.received", telnyx_text(world, "Hello, are you open today?")),
        "telnyx-webhook.delivered": telnyx(world, "message.finalized", telnyx_sent(world, "delivered"), query=f"m={opaque(OUTBOUND, 3)}"),
        "telnyx-webhook.call-ended": telnyx(world, "call.hangup", telnyx_call(
            world, hangup_cause="originator_cancel", hangup_source="caller", sip_hangup_cause="487", start_time=AT)),
        "telnyx-webhook.order": telnyx(world, "number_order.complete", {
            "record_type": "number_order", "id": "12ade33a-21c0-473b-b055-b3c836e1c292", "status": "success", "customer_reference": "",
            "connection_id": world.telnyx_connection, "messaging_profile_id": world.telnyx_profile, "phone_numbers_count": 1,
            "phone_numbers": [{"id": "dc8e4d67-33a0-4cbb-af74-7b58f05bd494", "phone_number": world.numbers["telnyx"], "status": "success"}]}),
        "telnyx-webhook.forged": telnyx(world, "message.received", telnyx_text(world, "Wire me the money"), seed=base64.b64encode(bytes(32)).decode()),
        "retell-webhook.ended": retell(world, {"event": "call_ended", "call": retell_call(
            world, call_status="ended", end_timestamp=AT_MILLIS + 61_000, duration_ms=61_000, disconnection_reason="user_hangup")}),
        "retell-webhook.lookup": retell(world, {"event": "call_inbound", "event_timestamp": AT_MILLIS, "call_inbound": {
            "agent_id": "agent_demo", "from_number": world.phone, "to_number": world.numbers["retell"]}}),
        "retell-webhook.forged": retell(world, {"event": "call_ended", "call": retell_call(world, call_status="ended")}, key="not the key"),
        "send-message": api(world, "POST", "/api/sms/send", json={**send, "message": "Your table is ready."}, headers={"idempotency-key": "event-1"}),
        "send-message.mms": api(world, "POST", "/api/sms/send", json={**send, "message": "The menu", "mediaUrl": ["https://example.com/menu.png"]}),
        "send-message.invalid": api(world, "POST", "/api/sms/send", json={"to": "nobody", "message": "Hello"}),
        "outbound-worker": job(world, "outbound", {"job": "send", "tenant": TENANT, "message": OUTBOUND}),
        "media-worker": job(world, "media", {"job": "copyMedia", "tenant": TENANT, "message": mms, "index": 0}),
        "event-worker": job(world, "events.fifo", {"job": "handOut", "tenant": TENANT, "event": EVENT, "thread": f"c.{conversation_id(world.phone)}"}),
        "event-worker.retry": job(world, "event-retries", {"job": "redeliver", "tenant": TENANT, "event": EVENT, "target": ENDPOINT}),
        "projector": change(world, "INSERT", outbound_item(world)),
        "projector.receipt": change(world, "MODIFY", attempt_item(world)),
        "sweeper": {
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": "000000000000", "time": "2026-11-21T12:01:00Z", "region": "us-east-1", "resources": [], "detail": {},
        },
        "messages.list": api(world, "GET", messages, query="limit=10"),
        "messages.get": api(world, "GET", messages + "/{id}", f"{messages}/{OUTBOUND}"),
        "messages.media": api(world, "GET", messages + "/{id}/media/{n}", f"{messages}/{mms}/media/0"),
        "messages.preview": api(world, "POST", messages + "/preview", json={"to": world.phone, "message": "How many parts is this?"}),
        "messages.cancel": api(world, "POST", messages + "/{id}/cancel", f"{messages}/{OUTBOUND}/cancel"),
        "conversations": api(world, "GET", conversations, query=f"contact={phone}"),
        "conversations.messages": api(world, "GET", conversations + "/{id}/messages", f"{conversations}/{phone}/messages", query="limit=10"),
        "conversations.read": api(world, "POST", conversations + "/{id}/read", f"{conversations}/{phone}/read"),
        "wallet.deposit": api(world, "POST", "/api/wallet/deposit", groups="admin", json={"amount": 10, "reference": "event-1"}),
        "wallet.get": api(world, "GET", "/api/wallet"),
        "wallet.transactions": api(world, "GET", "/api/wallet/transactions", query="limit=10"),
        "wallet.usage": api(world, "GET", "/api/usage", query="groupBy=number&from=2026-11-01&to=2026-11-21"),
        "wallet.forbidden": api(world, "POST", "/api/wallet/deposit", json={"amount": 10, "reference": "event-2"}),
        "numbers.list": api(world, "GET", "/api/numbers", query="limit=10&provider=twilio"),
        "numbers.enter": api(world, "POST", "/api/numbers", groups="admin", json={
            "phoneNumber": "+1 202 555 0149", "providerAccountId": "platform-twilio", "displayName": "Old line", "numberType": "vanity"}),
        "numbers.change": api(world, "PATCH", "/api/numbers/{id}", "/api/numbers/01JDEM000000000000000000NE", groups="tenant-admin",
                              json={"displayName": "Front desk", "isPrimary": True}),
        "numbers.invalid": api(world, "POST", "/api/numbers", groups="admin", json={
            "phoneNumber": "nobody", "providerAccountId": "platform-twilio", "displayName": "Old line"}),
        "settings.template": api(world, "PUT", templates + "/{id}", templates + "/appointment", groups="tenant-admin",
                                 json={"body": "Hi {{name}}, see you on {{day}}.", "optOutLine": True}),
        "settings.templates": api(world, "GET", templates),
        "settings.opt-out": api(world, "POST", "/api/opt-outs", json={"contact": "+1 202 555 0143", "note": "asked by phone"}),
        "settings.opt-outs": api(world, "GET", "/api/opt-outs"),
        "settings.client": api(world, "PUT", "/api/clients/{clientId}", "/api/clients/4example", groups="admin", json={"tenantId": TENANT}),
        "search-numbers": api(world, "POST", "/api/numbers/search", json={
            "countryCode": "US", "numberType": "local", "areaCode": "415", "capabilities": ["sms"], "limit": 6}),
        "search-numbers.invalid": api(world, "POST", "/api/numbers/search", json={"countryCode": "US", "numberType": "vanity"}),
        "provider-management.list": api(world, "POST", managed, json={"action": "list_providers"}),
        "provider-management.add": api(world, "POST", managed, groups="tenant-admin", headers={"idempotency-key": "event-3"},
                                       json={"action": "add_provider", "provider_type": "twilio", "config": own}),
        "provider-management.test": api(world, "POST", managed, groups="admin", json={"action": "test_connection", "provider_id": "platform-twilio"}),
        "provider-management.invalid": api(world, "POST", managed, groups="tenant-admin", json={
            "action": "add_provider", "provider_type": "twilio", "config": {**own, "account_sid": "nobody"}}),
        "purchase-number": api(world, "POST", "/api/numbers/purchase", groups="tenant-admin", headers={"idempotency-key": "event-4"}, json={
            "phoneNumber": "+16155550117", "countryCode": "US", "numberType": "local", "providerAccountId": "platform-twilio", "displayName": "Test Line"}),
        "purchase-number.get": api(world, "GET", "/api/numbers/purchases/{id}", "/api/numbers/purchases/01JDEM00000000000000000BY1"),
        "purchase-number.invalid": api(world, "POST", "/api/numbers/purchase", groups="tenant-admin", json={
            "phoneNumber": "+16155550117", "countryCode": "US", "numberType": "vanity", "displayName": "Test Line"}),
        "release-number": api(world, "DELETE", "/api/numbers/{id}/release", "/api/numbers/01JDEM000000000000000000NE/release", groups="tenant-admin"),
        "release-number.forbidden": api(world, "DELETE", "/api/numbers/{id}/release", "/api/numbers/01JDEM000000000000000000NE/release"),
        "provision-subscription": api(world, "POST", "/api/subscriptions", groups="admin", json={
            "subscriptionId": "event-1", "userId": "ann", "areaCode": "615", "provider": "twilio", "billing": "included"}),
        "provision-subscription.get": api(world, "GET", "/api/subscriptions/{id}", "/api/subscriptions/event-1", groups="admin"),
        "provision-subscription.cancel": api(world, "DELETE", "/api/subscriptions/{id}", "/api/subscriptions/event-1", groups="admin"),
        "provision-subscription.forbidden": api(world, "POST", "/api/subscriptions", groups="tenant-admin", json={
            "subscriptionId": "event-2", "userId": "ann"}),
        "reconciler": {
            "version": "0", "id": "6d0a3c8e-6b0b-4f0e-9d55-2a4f60b3a3c1", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": "000000000000", "time": "2026-11-21T12:02:00Z", "region": "us-east-1", "resources": [], "detail": {},
        },
        "repair-webhooks.dry-run": api(world, "POST", repair, groups="admin", json={"dryRun": True}),
        "repair-webhooks.invalid": api(world, "POST", repair, groups="admin", json={"provider": "pigeon"}),
        "repair-webhooks.forbidden": api(world, "POST", repair, groups="tenant-admin", json={"dryRun": True}),
        "calls.list": api(world, "GET", "/api/calls", query="limit=10"),
        "calls.get": api(world, "GET", "/api/calls/{id}", f"/api/calls/{TWILIO_CALL}"),
        "calls.voicemails": api(world, "GET", "/api/voicemails", query="limit=10"),
        "calls.listened": api(world, "PATCH", "/api/voicemails/{id}", f"/api/voicemails/{voicemail()}", json={"status": "listened"}),
        "calls.content": api(world, "GET", "/api/recordings/{id}/content", f"/api/recordings/{voicemail()}/content"),
        "calls.agent-config": http(world, "GET", "/api/calls/{id}/agent-config", "/api/calls/nobody/agent-config", headers={"x-call-token": "guess"}),
        "calls.sign": api(world, "POST", "/api/stir/sign", json={"from": world.numbers["twilio"], "to": world.phone}),
        "calls.invalid": api(world, "POST", "/api/stir/sign", json={"from": "nobody", "to": world.phone}),
        "calls.verify": api(world, "POST", "/api/stir/verify", json={
            "identity": "..c2lnbmF0dXJl;alg=ES256;ppt=shaken", "from": world.numbers["twilio"], "to": world.phone}),
        "calls.certificate": http(world, "GET", "/api/stir/certificates/{file}", "/api/stir/certificates/none.pem"),
        "settings.openapi": http(world, "GET", "/api/openapi.json", "/api/openapi.json"),
    }  # fmt: skip


def function_of(name: str) -> str:
    function = name.split(".")[0]
    if function not in artifacts.functions():
        raise Problem(f"events/{name}.json names no function")
    return function


def serialized(event: dict[str, Any]) -> str:
    return json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def stale(world: World = World()) -> list[str]:
    """Files that are not what this script would write, and those that it would not."""
    wanted = {f"{name}.json": serialized(event) for name, event in render(world).items()}
    found = {path.name: path.read_text() for path in EVENTS.glob("*.json")}
    return sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))


def write() -> None:
    EVENTS.mkdir(exist_ok=True)
    events = render(World())
    for path in EVENTS.glob("*.json"):
        if path.stem not in events:
            path.unlink()
    for name, event in events.items():
        function_of(name)
        (EVENTS / f"{name}.json").write_text(serialized(event))
    print(f"events/ holds {len(events)} events for {len({function_of(name) for name in events})} functions")


def of_stack(stack: Stack) -> World:
    credentials = stack.state["credentials"]
    return World(
        base=stack.state["api"],
        twilio_account=credentials["TwilioAccountSid"],
        twilio_token=credentials["TwilioAuthToken"],
        signalwire_project=credentials["SignalwireProjectId"],
        signalwire_key=credentials["SignalwireSigningKey"],
        telnyx_seed=stack.state["telnyxSeed"],
        telnyx_account=credentials["TelnyxAccountId"],
        telnyx_connection=credentials["TelnyxConnectionId"],
        telnyx_profile=credentials["TelnyxMessagingProfileId"],
        retell_key=credentials["RetellApiKey"],
        signed_at=int(time.time()),
        numbers={entry["provider"]: entry["number"] for entry in stack.state["numbers"] if entry["tenant"] == TENANT},
        twilio_api=stack.simulator + "/twilio",
    )


def play(stack: Stack) -> int:
    """Invokes each function as `sam local invoke -e` would. An answer such as 404 is an answer; only a failed function fails."""
    client, failures = stack.client("lambda"), 0
    for name, event in render(of_stack(stack)).items():
        answer = client.invoke(FunctionName=f"{stack.stack_name}-{function_of(name)}", Payload=json.dumps(event).encode())
        body = answer["Payload"].read().decode()
        parsed = json.loads(body) if body else None
        status = parsed.get("statusCode", "") if isinstance(parsed, dict) else ""
        failed = "FunctionError" in answer or (isinstance(status, int) and status >= 500)
        failures += failed
        shown = (parsed.get("body") or "") if status and isinstance(parsed, dict) else body
        print(f"  {'FAILED' if failed else 'ok':<7} {name:<42} {status or '   '} {shown[:90]}")
    return failures


def events() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="demo", help="the stack to play on")
    parser.add_argument("--write-only", action="store_true", help="do not play them")
    parser.add_argument("--check", action="store_true", help="only say which files are out of date")
    arguments = parser.parse_args()
    if arguments.check:
        for name in (names := stale()):
            print(f"events/{name} is out of date; run: make events")
        return 1 if names else 0
    write()
    stack = Stack(arguments.name)
    if arguments.write_only:
        return 0
    if not stack.state.get("processes", {}).get("emulator"):
        print("no local stack is running, so that they were not played; `make up`, then `make events`")
        return 0
    return 1 if play(stack) else 0


if __name__ == "__main__":
    main(events)
