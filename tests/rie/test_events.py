"""Each function's program, started by itself under Lambda's Runtime Interface Emulator, is given each file of events/.

The keys and the address are those that the files are signed for.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from runtime import DEMO, ROOT, Bench, control, stack_file

import artifacts
import events

XML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    if not stack_file().exists():
        pytest.fail(f"no stack is running ({stack_file()}); run: make up")
    bench = Bench(json.loads(stack_file().read_text()), tmp_path_factory.mktemp("functions"))
    try:
        yield bench
    finally:
        bench.stop()


MESSAGE = f"T#demo#M#{events.OUTBOUND}"
SESSION = events.telnyx_call(DEMO)["call_session_id"]
seen: set[str] = set()


def played(bench: Bench, name: str, event: dict[str, Any] | None = None) -> Any:
    seen.add(name)
    return bench.invoke(name, event)


def http(bench: Bench, name: str, status: int, event: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = played(bench, name, event)
    assert answer["statusCode"] == status, (answer, bench.log(name.split(".")[0]))
    body = json.loads(answer["body"]) if answer.get("body", "").startswith("{") else {}
    assert status >= 300 or body.get("success", True) is True, body
    return {**answer, "json": body}


def fresh(name: str) -> dict[str, Any]:
    """The event of a file, signed now: Telnyx's and Retell's signatures are good for five minutes."""
    return events.render(replace(DEMO, signed_at=int(time.time())))[name]


def webhook(bench: Bench, name: str, event: dict[str, Any] | None = None) -> None:
    answer = http(bench, name, 200, event)
    assert answer["body"] == XML and "xml" in answer["headers"]["content-type"], answer


def test_the_files_are_what_the_script_writes() -> None:
    assert events.stale() == [], "run: make events"
    named = {events.function_of(name) for name in events.render(DEMO)}
    assert named == set(artifacts.functions())


def test_texts_are_stored_once(bench: Bench) -> None:
    before = len(bench.items())
    for name in ("sms-webhook.forged", "status-callback.forged"):
        assert http(bench, name, 403)["json"]["code"] == "INVALID_SIGNATURE"
    assert len(bench.items()) == before
    for name, provider, sid in (
        ("sms-webhook.twilio", "twilio", events.TWILIO_TEXT),
        ("sms-webhook.signalwire", "signalwire", events.SIGNALWIRE_TEXT),
    ):
        webhook(bench, name)
        stored = bench.item(f"T#demo#M#{events.inbound_id(f'platform-{provider}', sid)}", "M")
        assert stored["st"]["S"] == "received" and stored["ent"]["S"] == "msg"
        again = len(bench.items())
        webhook(bench, name)
        assert len(bench.items()) == again
    assert bench.item(f"T#demo#M#{events.inbound_id('platform-signalwire', events.SIGNALWIRE_TEXT)}", "M")["body"]["S"] == "Grüezi 😀 & good morning"


def test_stop_is_stored_with_its_text(bench: Bench) -> None:
    webhook(bench, "sms-webhook.signalwire-stop")
    consent = bench.item(f"T#demo#O#{DEMO.stopping_phone}", "O")
    assert consent["ent"]["S"] == "opt"
    assert any(item["ent"]["S"] == "oph" for item in bench.items())


def test_calls_are_answered_with_documents_and_recorded_leg_by_leg(bench: Bench) -> None:
    before = len(bench.items())
    for name in ("voice-webhook.forged", "call-status.forged"):
        assert http(bench, name, 403)["json"]["code"] == "INVALID_SIGNATURE"
    assert len(bench.items()) == before
    for _ in range(2):
        for provider, sid in (("twilio", events.TWILIO_CALL), ("signalwire", events.SIGNALWIRE_CALL)):
            answer = http(bench, f"voice-webhook.{provider}", 200)
            assert "xml" in answer["headers"]["content-type"] and "not currently accepting calls" in answer["body"], answer
            call = f"T#demo#K#{events.derived('call', f'platform-{provider}', sid)}"
            assert bench.item(call, "K")["plan"]["S"] == '{"kind":"not_accepting"}'
        assert "<Hangup/>" in http(bench, "voice-webhook.unanswered", 200)["body"]
        webhook(bench, "call-status.twilio")
        webhook(bench, "call-status.machine")
    leg = bench.item(f"T#demo#K#{events.derived('call', 'platform-twilio', events.TWILIO_CALL)}", f"L#{events.TWILIO_CALL}")
    assert (leg["st"]["S"], leg["dur"]["N"]) == ("completed", "61")
    assert json.loads(leg["sig"]["S"]) == {"attestation": "A", "verified": True}
    leg = bench.item(f"T#demo#K#{events.derived('call', 'platform-signalwire', events.SIGNALWIRE_CALL)}", f"L#{events.SIGNALWIRE_CALL}")
    assert leg["by"]["S"] == "machine"


def test_recordings_are_kept_beside_their_calls_and_messages_in_the_mailbox(bench: Bench) -> None:
    before = len(bench.items())
    for name in ("recording-status.forged", "voicemail-recording.forged"):
        assert http(bench, name, 403)["json"]["code"] == "INVALID_SIGNATURE"
    assert len(bench.items()) == before
    for _ in range(2):
        for name in ("recording-status.completed", "voicemail-recording.transcription", "voicemail-recording.completed"):
            webhook(bench, name)
    assert len(bench.items()) == before + 2
    call = f"T#demo#K#{events.derived('call', 'platform-twilio', events.TWILIO_CALL)}"
    recording = bench.item(call, f"R#{events.TWILIO_RECORDING}")
    assert (recording["st"]["S"], recording["dur"]["N"], recording["of"]["S"]) == ("completed", "61", "call")
    [message] = http(bench, "calls.voicemails", 200)["json"]["items"]
    assert (message["id"], message["recordingSid"], message["duration"]) == (events.voicemail(), events.SIGNALWIRE_RECORDING, 7)
    assert (message["transcription"], message["status"], message["recordingUrl"]) == ("Please call me back.", "new", None)
    assert http(bench, "calls.listened", 200)["json"]["voicemail"]["status"] == "listened"
    http(bench, "calls.content", 404)


def test_events_of_telnyx_are_taken_once(bench: Bench) -> None:
    message, call = f"T#demo#M#{events.inbound_id('platform-telnyx', events.TELNYX_TEXT)}", events.derived("call", "platform-telnyx", SESSION)
    for _ in range(2):
        assert http(bench, "telnyx-webhook.text", 200, fresh("telnyx-webhook.text"))["body"] == "{}"
        assert bench.item(message, "M")["st"]["S"] == "received"
        http(bench, "telnyx-webhook.call-ended", 200, fresh("telnyx-webhook.call-ended"))
        leg = bench.item(f"T#demo#K#{call}", f"L#{events.TELNYX_CALL}")
        assert (leg["st"]["S"], leg["pc"]["S"], leg["acct"]["S"]) == ("canceled", "originator_cancel", "platform-telnyx")
        http(bench, "telnyx-webhook.delivered", 200, fresh("telnyx-webhook.delivered"))
        stub = bench.item(MESSAGE, "A#0003")
        assert (stub["st"]["S"], stub["sid"]["S"]) == ("delivered", events.TELNYX_SENT)
        http(bench, "telnyx-webhook.order", 200, fresh("telnyx-webhook.order"))
    bench.dynamo.delete_item(TableName=bench.name, Key={"PK": {"S": MESSAGE}, "SK": {"S": "A#0003"}})


def test_events_of_retell_are_one_leg(bench: Bench) -> None:
    answer = http(bench, "retell-webhook.lookup", 200, fresh("retell-webhook.lookup"))
    assert set(answer["json"]["call_inbound"]["metadata"]) == {"tandem_ref"}
    assert http(bench, "retell-webhook.lookup", 200, fresh("retell-webhook.lookup"))["json"] == answer["json"]
    call = events.derived("call", "platform-retell", events.RETELL_CALL)
    for _ in range(2):
        assert http(bench, "retell-webhook.ended", 200, fresh("retell-webhook.ended"))["body"] == "{}"
        leg = bench.item(f"T#demo#K#{call}", f"L#{events.RETELL_CALL}")
        assert (leg["st"]["S"], leg["dur"]["N"], leg["pc"]["S"]) == ("completed", "61", "user_hangup")


@pytest.mark.parametrize("function", ["telnyx-webhook", "retell-webhook"])
def test_what_was_signed_long_ago_or_by_others_is_refused(bench: Bench, function: str) -> None:
    """The files themselves are old by now."""
    before = len(bench.items())
    names = [name for name in events.render(DEMO) if events.function_of(name) == function]
    for name in names:
        assert http(bench, name, 403)["json"]["code"] == "INVALID_SIGNATURE"
    http(bench, f"{function}.forged", 403, fresh(f"{function}.forged"))
    assert len(bench.items()) == before


def test_numbers_for_sale_are_found_where_the_credentials_are_good(bench: Bench) -> None:
    """Before the tenant has an account of its own, which would be asked in place of the platform's."""
    found = http(bench, "search-numbers", 200)["json"]
    assert len(found["numbers"]) == 6 and {number["provider"] for number in found["numbers"]} == {"twilio"}
    assert all(number["phoneNumber"].startswith("+1415") and number["monthlyCost"] == 1.5 for number in found["numbers"])
    assert {(entry["provider"], entry["code"]) for entry in found["unavailable"]} == {
        ("signalwire", "PROVIDER_REJECTED"), ("telnyx", "PROVIDER_REJECTED")}  # fmt: skip
    assert http(bench, "search-numbers.invalid", 400)["json"]["errors"][0]["field"] == "numberType"


def test_provider_accounts_are_added_once_and_sealed(bench: Bench) -> None:
    listed = http(bench, "provider-management.list", 200)["json"]["providers"]
    assert {entry["id"] for entry in listed} == {f"platform-{provider}" for provider in DEMO.numbers}
    assert http(bench, "provider-management.invalid", 400)["json"]["errors"][0]["field"] == "config.account_sid"
    added = http(bench, "provider-management.add", 200)["json"]["provider"]
    again = http(bench, "provider-management.add", 200)
    assert again["json"]["provider"]["id"] == added["id"] and again["headers"]["idempotency-replayed"] == "true"
    assert added["config"]["auth_token"] == "…oken"
    [stored] = bench.items("acc")
    assert "demo-own-auth-token" not in json.dumps(stored, default=repr)
    tested = http(bench, "provider-management.test", 200)["json"]
    assert "demo-twilio-auth-token" not in json.dumps(tested)


def test_a_number_is_entered_and_waits_for_its_proof(bench: Bench) -> None:
    assert http(bench, "numbers.invalid", 400)["json"]["errors"][0]["field"] == "phoneNumber"
    entered = http(bench, "numbers.enter", 201)["json"]["number"]
    assert (entered["status"], entered["numberType"], entered["voice"]) == ("pending", "vanity", None)
    http(bench, "numbers.enter", 409)
    listed = http(bench, "numbers.list", 200)["json"]["items"]
    assert {number["phoneNumber"] for number in listed} == {entered["phoneNumber"], DEMO.numbers["twilio"]}
    http(bench, "numbers.change", 404)


def test_where_events_go_is_looked_at_and_not_changed(bench: Bench) -> None:
    assert http(bench, "repair-webhooks.forbidden", 403)["json"]["code"] == "FORBIDDEN"
    assert http(bench, "repair-webhooks.invalid", 400)["json"]["errors"][0]["field"] == "provider"
    # The number's webhooks go nowhere, and of the other providers the simulator knows no such accounts.
    answer = http(bench, "repair-webhooks.dry-run", 200)["json"]
    assert (answer["checked"], answer["nextCursor"]) == (1, None)
    assert "sms_url" in {drift["field"] for drift in answer["drifted"]}
    assert {(drift["phoneNumber"], drift["repairable"], drift["repaired"]) for drift in answer["drifted"]} == {(DEMO.numbers["twilio"], True, False)}
    assert {entry["provider"] for entry in answer["unavailable"]} == {"signalwire", "telnyx", "retell"}
    assert http(bench, "repair-webhooks.dry-run", 200)["json"] == answer


def test_a_customers_system_is_registered_before_anything_is_told(bench: Bench) -> None:
    """No file makes it: its address would be the stack's."""
    body = {"url": f"{bench.stack['simulator']}/_hooks/{bench.name}", "events": ["message.*"]}
    made = bench.invoke("settings", events.api(DEMO, "POST", "/api/event-endpoints", groups="tenant-admin", json=body))
    assert made["statusCode"] == 201, (made, bench.log("settings"))
    assert json.loads(made["body"])["endpoint"]["secret"] not in json.dumps(bench.items(), default=repr)


def test_a_deposit_and_what_the_wallet_says(bench: Bench) -> None:
    assert http(bench, "wallet.forbidden", 403)["json"]["code"] == "FORBIDDEN"
    assert http(bench, "wallet.deposit", 201)["json"]["balance"] == 10
    assert http(bench, "wallet.deposit", 200)["headers"]["idempotency-replayed"] == "true"
    assert http(bench, "wallet.get", 200)["json"]["available"] == 10
    [entry] = http(bench, "wallet.transactions", 200)["json"]["items"]
    assert (entry["type"], entry["reference"]) == ("deposit", "event-1")


def test_sends_are_accepted_with_their_hold(bench: Bench) -> None:
    answer = http(bench, "send-message.invalid", 400)
    assert answer["json"]["errors"][0]["field"] == "to"
    sent = http(bench, "send-message", 202)["json"]["message"]
    again = http(bench, "send-message", 202)
    assert again["json"]["message"]["id"] == sent["id"] and again["headers"]["idempotency-replayed"] == "true"
    stored = bench.item(f"T#demo#M#{sent['id']}", "M")
    assert (stored["st"]["S"], stored["body"]["S"]) == ("queued", "Your table is ready.")
    assert bench.item(f"T#demo#M#{sent['id']}", "HOLD")["amount"]["N"] == "7500"
    picture = http(bench, "send-message.mms", 202)["json"]["message"]
    assert bench.item(f"T#demo#M#{picture['id']}", "HOLD")["amount"]["N"] == "20000"
    # The rest of the story is about one message with a known id: the same item under that id.
    event = json.loads((ROOT / "events" / "projector.json").read_text())
    image = event["Records"][0]["dynamodb"]["NewImage"]
    assert set(stored) == set(image), "the event's item is not what the store writes"
    assert set(json.loads(stored["doc"]["S"])) == set(json.loads(image["doc"]["S"]))
    bench.dynamo.put_item(TableName=bench.name, Item=image)
    hold = {**bench.item(f"T#demo#M#{sent['id']}", "HOLD"), "PK": {"S": MESSAGE}}
    bench.dynamo.put_item(TableName=bench.name, Item=hold)


def test_the_projector_hands_out_work_and_keeps_the_conversation(bench: Bench) -> None:
    assert played(bench, "projector") == {"batchItemFailures": []}
    assert bench.jobs("outbound") == [{"job": "send", "tenant": "demo", "message": events.OUTBOUND}]
    conversation = bench.item(f"T#demo#C#{events.conversation_id(DEMO.phone)}", "C")
    assert conversation["lm"]["S"] == events.OUTBOUND
    count = conversation["cnt"]
    assert played(bench, "projector") == {"batchItemFailures": []}
    assert bench.item(f"T#demo#C#{events.conversation_id(DEMO.phone)}", "C")["cnt"] == count
    bench.jobs("outbound")


def test_a_status_that_came_first_waits_as_a_stub(bench: Bench) -> None:
    webhook(bench, "status-callback.signalwire-undelivered")
    stub = bench.item(MESSAGE, "A#0002")
    assert (stub["st"]["S"], stub["ec"]["S"], stub["acct"]["S"]) == ("undelivered", "30003", "platform-signalwire")
    assert "sa" not in stub, "never begun"
    bench.dynamo.delete_item(TableName=bench.name, Key={"PK": {"S": MESSAGE}, "SK": {"S": "A#0002"}})


def test_the_worker_sends_once(bench: Bench) -> None:
    def at_provider() -> list[dict[str, Any]]:
        found = requests.get(f"{bench.stack['simulator']}/_sim/messages", params={"account": DEMO.twilio_account, "to": DEMO.phone}, timeout=30)
        return [m for m in found.json()["messages"] if m["direction"] != "inbound" and (m["status_callback"] or "").split("m=")[-1].split("#")[0] == events.opaque(events.OUTBOUND)]

    known = len(at_provider())
    assert played(bench, "outbound-worker") == {"batchItemFailures": []}
    attempt = bench.item(MESSAGE, "A#0001")
    assert attempt["sid"]["S"].startswith("SM") and attempt["acct"]["S"] == "platform-twilio"
    [message] = at_provider()[: len(at_provider()) - known]
    assert message["sid"] == attempt["sid"]["S"]
    assert message["status_callback"].startswith(f"{DEMO.base}/api/webhooks/twilio/status-callback?m={events.opaque(events.OUTBOUND)}")
    assert played(bench, "outbound-worker") == {"batchItemFailures": []}
    assert len(at_provider()) == known + 1


def test_receipts_move_the_attempt_and_never_back(bench: Bench) -> None:
    """The file names the provider's id of the story; the simulator gave another one."""
    sid = bench.item(MESSAGE, "A#0001")["sid"]["S"]
    report = {status: events.webhook(DEMO, "twilio", "status-callback", events.report(DEMO, "twilio", sid, status), f"m={events.opaque(events.OUTBOUND)}") for status in ("sent", "delivered")}
    webhook(bench, "status-callback.twilio-delivered", report["delivered"])
    assert bench.item(MESSAGE, "A#0001")["st"]["S"] == "delivered"
    webhook(bench, "status-callback.twilio-sent", report["sent"])
    assert bench.item(MESSAGE, "A#0001")["st"]["S"] == "delivered"
    # The files themselves: the same attempt, an id that is not its own.
    before = bench.item(MESSAGE, "A#0001")
    for name in ("status-callback.twilio-sent", "status-callback.twilio-delivered"):
        webhook(bench, name)
    assert bench.item(MESSAGE, "A#0001")["sid"] == before["sid"]


def test_the_projector_folds_the_receipt_and_takes_the_money(bench: Bench) -> None:
    assert played(bench, "projector.receipt") == {"batchItemFailures": []}
    assert bench.item(MESSAGE, "M")["st"]["S"] == "delivered"
    assert bench.item(MESSAGE, "HOLD")["state"]["S"] == "captured"
    entries = http(bench, "wallet.transactions", 200)["json"]["items"]
    assert [e["amount"] for e in entries if e["type"] == "capture"] == [-0.0075]
    assert played(bench, "projector.receipt") == {"batchItemFailures": []}
    assert http(bench, "wallet.transactions", 200)["json"]["items"] == entries


def test_the_event_worker_tells_a_customers_system(bench: Bench) -> None:
    # The files name an event that is not there.
    for name in ("event-worker", "event-worker.retry"):
        assert played(bench, name) == {"batchItemFailures": []}
    jobs = bench.jobs("events")
    assert jobs and {job["job"] for job in jobs} == {"handOut"}, jobs
    for _ in range(2):
        for job in jobs:
            assert played(bench, "event-worker", events.job(DEMO, "events.fifo", job)) == {"batchItemFailures": []}
    hooks = requests.get(f"{bench.stack['simulator']}/_sim/hooks", params={"name": bench.name}, timeout=30).json()["hooks"]
    told = [json.loads(hook["body"])["type"] for hook in hooks]
    assert "message.status" in told and len(hooks) == len({dict(hook["headers"])["webhook-id"] for hook in hooks}), told


def test_a_picture_is_copied_into_the_bucket(bench: Bench) -> None:
    # The picture has to be somewhere: the simulator holds it under an id of its own.
    content = base64.b64encode(PICTURE).decode()
    body = {"to": DEMO.numbers["twilio"], "body": "", "sid": events.TWILIO_MMS, "media": [{"base64": content, "content_type": "image/png"}]}
    media = control(bench.stack, f"phones/{DEMO.phone}/text", body)["media"][0]
    world = replace(DEMO, twilio_api=bench.stack["simulator"] + "/twilio", media=media)
    webhook(bench, "sms-webhook.twilio-mms", events.render(world)["sms-webhook.twilio-mms"])
    message = events.inbound_id("platform-twilio", events.TWILIO_MMS)
    assert http(bench, "messages.media", 404)["json"]["code"] == "NOT_FOUND"
    assert played(bench, "media-worker") == {"batchItemFailures": []}
    key = f"mms/demo/_/{events.TWILIO_MMS}_0.png"
    stored = bench.s3.get_object(Bucket=bench.name, Key=key)
    assert stored["Body"].read() == PICTURE and stored["ContentType"] == "image/png"
    assert json.loads(bench.item(f"T#demo#M#{message}", "M")["mc"]["M"]["0"]["S"])["state"] == "stored"
    link = http(bench, "messages.media", 302)["headers"]["location"]
    assert requests.get(link, timeout=30).content == PICTURE
    # The file as it is: the same text, with its picture at another address, is no replay.
    before = bench.item(f"T#demo#M#{message}", "M")
    webhook(bench, "sms-webhook.twilio-mms")
    assert bench.item(f"T#demo#M#{message}", "M") == before


def test_the_sweeper_hands_out_what_waits(bench: Bench) -> None:
    bench.jobs("outbound")
    waiting = {**json.loads((ROOT / "events" / "projector.json").read_text())["Records"][0]["dynamodb"]["NewImage"]}
    other = events.ulid(events.bits(events.OUTBOUND) + 4)
    waiting["PK"] = {"S": f"T#demo#M#{other}"}
    waiting["GSI1SK"] = {"S": waiting["GSI1SK"]["S"].replace(events.OUTBOUND, other)}
    waiting["GSI2SK"] = {"S": f"2020-01-01T00:00:00.000Z#demo#{other}"}
    bench.dynamo.put_item(TableName=bench.name, Item=waiting)
    assert played(bench, "sweeper") is None
    assert other in [job["message"] for job in bench.jobs("outbound")]
    assert bench.item(f"T#demo#M#{other}", "M")["GSI2SK"]["S"] > waiting["GSI2SK"]["S"]
    played(bench, "sweeper")
    assert bench.jobs("outbound") == []
    bench.dynamo.delete_item(TableName=bench.name, Key={"PK": waiting["PK"], "SK": {"S": "M"}})


def test_messages_are_read_and_withdrawn(bench: Bench) -> None:
    listed = http(bench, "messages.list", 200)["json"]
    assert events.OUTBOUND in [item["id"] for item in listed["items"]]
    message = http(bench, "messages.get", 200)["json"]["message"]
    assert (message["status"], len(message["attempts"])) == ("delivered", 1)
    preview = http(bench, "messages.preview", 200)["json"]["preview"]
    assert (preview["segments"], preview["price"]["estimate"]["amount"]) == (1, "0.0075")
    assert http(bench, "messages.cancel", 409)["json"]["code"] == "IN_PROGRESS"


def test_conversations_are_read(bench: Bench) -> None:
    [conversation] = http(bench, "conversations", 200)["json"]["items"]
    assert conversation["contact"] == DEMO.phone
    items = http(bench, "conversations.messages", 200)["json"]["items"]
    assert {"inbound", "outbound"} == {item["direction"] for item in items}
    assert http(bench, "conversations.read", 200)["json"]["conversation"]["unreadCount"] == 0


def test_settings_are_kept(bench: Bench) -> None:
    assert http(bench, "settings.template", 200)["json"]["template"]["variables"] == ["name", "day"]
    assert [item["id"] for item in http(bench, "settings.templates", 200)["json"]["items"]] == ["appointment"]
    assert http(bench, "settings.opt-out", 201)["json"]["optOut"]["contact"] == "+12025550143"
    blocked = [item["contact"] for item in http(bench, "settings.opt-outs", 200)["json"]["items"]]
    assert set(blocked) == {"+12025550143", DEMO.stopping_phone}
    assert http(bench, "settings.client", 200)["json"]["client"] == {"clientId": "4example", "tenantId": "demo"}
    assert http(bench, "settings.openapi", 200)["json"]["openapi"].startswith("3.1")


def test_a_call_is_signed_and_the_signature_recorded(bench: Bench) -> None:
    listed = http(bench, "calls.list", 200)["json"]["items"]
    assert events.TWILIO_CALL in [call["callSid"] for call in listed]
    # The id of a leg is noted by the projector, which has not been told of this one.
    http(bench, "calls.get", 404)
    http(bench, "calls.agent-config", 404)
    signed = http(bench, "calls.sign", 200)["json"]
    assert (signed["attestation"], signed["from"]) == ("A", DEMO.numbers["twilio"][1:])
    assert bench.item(f"T#demo#SIG#{signed['origId']}", "S")["src"]["S"] == "local"
    certificate = signed["certificateUrl"].removeprefix(DEMO.base)
    published = bench.invoke("calls", events.http(DEMO, "GET", "/api/stir/certificates/{file}", certificate))
    assert published["body"].startswith("-----BEGIN CERTIFICATE-----\n"), published
    assert published["headers"]["content-type"] == "application/pem-certificate-chain"
    assert http(bench, "calls.invalid", 400)["json"]["errors"][0]["field"] == "from"
    refused = http(bench, "calls.verify", 200)["json"]
    assert (refused["verified"], refused["reason"]) == (False, "compact_form")
    http(bench, "calls.certificate", 404)


def moved(name: str, of: str, to: str) -> dict[str, Any]:
    """The event of a file, for another resource."""
    return json.loads(json.dumps(events.render(DEMO)[name]).replace(of, to))


def test_a_number_is_bought_once_and_given_back(bench: Bench) -> None:
    http(bench, "wallet.usage", 200)
    assert http(bench, "purchase-number.invalid", 400)["json"]["errors"][0]["field"] == "numberType"
    http(bench, "purchase-number.get", 404)
    bought = http(bench, "purchase-number", 201)["json"]
    number = bought["number"]
    assert (number["phoneNumber"], number["displayName"], number["status"]) == ("+16155550117", "Test Line", "active")
    assert bought["transaction"]["amount"] == -1.5
    again = http(bench, "purchase-number", 201)
    assert again["headers"]["idempotency-replayed"] == "true" and again["json"]["number"]["id"] == number["id"]
    http(bench, "release-number.forbidden", 403)
    http(bench, "release-number", 404)
    release = moved("release-number", "01JDEM000000000000000000NE", number["id"])
    for _ in range(2):
        assert http(bench, "release-number", 200, release)["json"]["number"]["status"] == "released"


def test_a_subscription_is_provisioned_once_and_canceled(bench: Bench) -> None:
    http(bench, "provision-subscription.forbidden", 403)
    made = http(bench, "provision-subscription", 201)["json"]["subscription"]
    assert made["status"] == "active" and made["phoneNumber"].startswith("+1615"), made
    again = http(bench, "provision-subscription", 200)
    assert again["headers"]["idempotency-replayed"] == "true"
    assert again["json"]["subscription"]["providerAccountId"] == made["providerAccountId"]
    assert http(bench, "provision-subscription.get", 200)["json"]["subscription"]["numberId"] == made["numberId"]
    assert http(bench, "provision-subscription.cancel", 200)["json"]["subscription"]["status"] == "canceled"


def test_the_reconciler_runs_and_leaves_what_is_in_order(bench: Bench) -> None:
    def inventory() -> set[tuple[str, str]]:
        return {(item["PK"]["S"], item["SK"]["S"]) for item in bench.items() if item["PK"]["S"].endswith("#NID")}

    before = inventory()
    assert played(bench, "reconciler") is None
    assert inventory() == before


def test_every_file_was_played(bench: Bench) -> None:
    assert seen == {path.stem for path in (ROOT / "events").glob("*.json")}
