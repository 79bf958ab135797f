"""The official Twilio SDK accepts the simulator, and its validator accepts the simulator's signatures."""

import base64
import datetime
import hashlib
import hmac

import pytest
from conftest import (
    PHONE,
    SIGNALWIRE_KEY,
    SIGNALWIRE_NUMBER,
    SIGNALWIRE_SID,
    TWILIO_NUMBER,
    TWILIO_SID,
    TWILIO_TOKEN,
    request,
    twilio_client,
)
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator

PATH = "/_aws/execute-api/abc123/api/webhooks/twilio/status-callback?m=a%2Fb'c&empty="


class Multi(dict):
    """A form with repeated names, with the one method that the validator asks for."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.pairs = pairs

    def getall(self, name):
        return [value for key, value in self.pairs if key == name]


def send(twilio, **more):
    return twilio.messages.create(**{"to": PHONE, "from_": TWILIO_NUMBER, "body": "hello", **more})


def test_send_and_fetch(sim, twilio):
    message = send(twilio)
    assert message.status == "queued"
    assert message.num_segments == "1" and message.num_media == "0"
    assert message.price is None and message.date_sent is None
    sim.advance(1)
    message = twilio.messages(message.sid).fetch()
    assert message.status == "delivered"
    assert message.price == "-0.00750" and message.price_unit == "USD"
    assert isinstance(message.date_sent, datetime.datetime)
    assert sim.get(f"/phones/{PHONE}/inbox")["texts"][0]["body"] == "hello"


def test_list_pages_and_filters(sim, twilio):
    sids = [send(twilio, body=str(i)).sid for i in range(7)]
    send(twilio, to="+13105550181")
    listed = twilio.messages.list(to=PHONE, page_size=3)
    assert [m.sid for m in listed] == sids[::-1]
    page = twilio.messages.page(to=PHONE, page_size=3)
    first = [m.sid for m in page]
    # What arrives while one pages shifts nothing.
    send(twilio, body="new")
    assert [m.sid for m in page.next_page()] == sids[::-1][3:6]
    assert first == sids[::-1][:3]
    now = datetime.datetime.fromisoformat(sim.get("/clock")["now"])
    minute = datetime.timedelta(minutes=1)
    assert len(twilio.messages.list(to=PHONE, date_sent_after=now - minute)) == 8
    assert twilio.messages.list(to=PHONE, date_sent_after=now + minute) == []
    assert twilio.messages.list(to=PHONE, date_sent_before=now - minute) == []
    paged = [r for r in sim.get("/requests?operation=messages.list")["requests"]]
    assert all(r["warnings"] == [] for r in paged), paged


def test_redact_delete_cancel(sim, twilio):
    message = send(twilio)
    with pytest.raises(TwilioRestException) as error:
        twilio.messages(message.sid).delete()
    assert error.value.code == 20009
    sim.advance(1)
    assert twilio.messages(message.sid).update(body="").body == ""
    assert twilio.messages(message.sid).delete()
    with pytest.raises(TwilioRestException) as error:
        twilio.messages(message.sid).fetch()
    assert (error.value.status, error.value.code) == (404, 20404)
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    scheduled = twilio.messages.create(
        to=PHONE, messaging_service_sid="MG" + "1" * 32, body="later", schedule_type="fixed", send_at=later
    )
    assert scheduled.status == "scheduled"
    assert twilio.messages(scheduled.sid).update(status="canceled").status == "canceled"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"to": "12"}, 21211),
        ({"from_": None}, 21603),
        ({"from_": "+14155550777"}, 21606),
        ({"from_": "x"}, 21212),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"to": TWILIO_NUMBER}, 21266),
        ({"media_url": ["nowhere"]}, 21620),
        ({"media_url": [f"https://example.com/{i}.png" for i in range(11)]}, 21623),
        ({"status_callback": "https://under_score.example.com/"}, 21609),
        ({"validity_period": 40_000}, 21624),
    ],
)
def test_refusals(twilio, more, code):
    with pytest.raises(TwilioRestException) as error:
        send(twilio, **more)
    assert (error.value.status, error.value.code) == (400, code)


def test_authentication(sim):
    with pytest.raises(TwilioRestException) as error:
        send(twilio_client(sim, TWILIO_SID, "wrong"))
    assert (error.value.status, error.value.code) == (401, 20003)


def test_numbers(sim, twilio):
    offers = twilio.available_phone_numbers("US").local.list(area_code=415, contains="5550*", limit=5)
    assert len(offers) == 5 and offers[0].phone_number.startswith("+1415")
    assert offers[0].capabilities["sms"] is True
    number = twilio.incoming_phone_numbers.create(
        phone_number=offers[0].phone_number, sms_url="https://example.com/sms", friendly_name="ours"
    )
    assert number.sid.startswith("PN") and number.sms_url == "https://example.com/sms"
    with pytest.raises(TwilioRestException) as error:
        twilio.incoming_phone_numbers.create(phone_number=offers[0].phone_number)
    assert error.value.code == 21422
    assert [n.sid for n in twilio.incoming_phone_numbers.list(friendly_name="ours")] == [number.sid]
    assert twilio.incoming_phone_numbers(number.sid).update(sms_url="").sms_url == ""
    assert twilio.incoming_phone_numbers(number.sid).delete()
    with pytest.raises(TwilioRestException) as error:
        twilio.incoming_phone_numbers(number.sid).fetch()
    assert error.value.code == 20404
    # The SDK has no richer error for lists.
    with pytest.raises(TwilioException, match="20404"):
        twilio.available_phone_numbers("US").mobile.list(limit=1)
    assert twilio.available_phone_numbers("GB").mobile.list(limit=1)
    assert twilio.available_phone_numbers("US").toll_free.list(limit=1)


def test_subaccounts(sim, twilio):
    sub = twilio.api.v2010.accounts.create(friendly_name="tenant 1")
    assert sub.auth_token and sub.owner_account_sid == TWILIO_SID and sub.status == "active"
    own = twilio_client(sim, sub.sid, sub.auth_token)
    number = own.incoming_phone_numbers.create(area_code="512")
    # The parent's token works in the subaccount, not the other way round.
    assert twilio.api.v2010.accounts(sub.sid).incoming_phone_numbers(number.sid).fetch().sid == number.sid
    with pytest.raises(TwilioException, match="20003"):
        own.api.v2010.accounts(TWILIO_SID).messages.list(limit=1)
    assert {a.sid for a in twilio.api.v2010.accounts.list()} == {TWILIO_SID, sub.sid}
    assert twilio.api.v2010.accounts(sub.sid).update(status="suspended").status == "suspended"
    with pytest.raises(TwilioException, match="20005"):
        own.messages.list(limit=1)
    assert float(twilio.api.v2010.accounts(TWILIO_SID).balance.fetch().balance) == 1000 - 1.15


def test_status_callbacks_are_signed(sim, twilio, receiver):
    message = send(twilio, status_callback=receiver.url + PATH + "#rc=2&rp=5xx")
    assert receiver.received == []
    sim.advance(1)
    forms = [dict(form) for form in receiver.forms()]
    assert [form["MessageStatus"] for form in forms] == ["sending", "sent", "delivered"]
    assert all(form["MessageSid"] == form["SmsSid"] == message.sid for form in forms)
    validator = RequestValidator(TWILIO_TOKEN)
    for entry, form in zip(receiver.received, forms, strict=True):
        assert entry["url"] == receiver.url + PATH
        assert validator.validate(entry["url"], form, entry["headers"]["X-Twilio-Signature"])
        assert not validator.validate(entry["url"], form | {"To": "+1"}, entry["headers"]["X-Twilio-Signature"])


def test_retries_keep_the_idempotency_token(sim, twilio, receiver):
    receiver.answers = [(503, "text/plain", ""), (503, "text/plain", "")]
    send(twilio, status_callback=receiver.url + "/cb#rc=2&rp=5xx,ct,rt")
    sim.advance(0.2)
    assert len(receiver.received) == 3
    assert len({entry["headers"]["I-Twilio-Idempotency-Token"] for entry in receiver.received}) == 1
    assert [c["attempt"] for c in sim.get("/callbacks")["callbacks"]] == [1, 2, 3]


def test_repeated_callbacks(sim, twilio, receiver):
    sim.post(
        "/faults",
        {
            "operation": "callbacks",
            "kind": "duplicate",
            "match": {"status": "delivered"},
            "params": {"n": 2},
        },
    )
    send(twilio, status_callback=receiver.url + "/cb")
    sim.advance(1)
    assert [dict(f)["MessageStatus"] for f in receiver.forms()] == ["sending", "sent"] + ["delivered"] * 3
    last = sim.get("/callbacks")["callbacks"][-1]
    sim.post(f"/callbacks/{last['id']}/redeliver")
    assert receiver.received[-1]["body"] == receiver.received[-2]["body"]
    signatures = {entry["headers"]["X-Twilio-Signature"] for entry in receiver.received[-4:]}
    assert len(signatures) == 1


def test_subaccount_token_signs(sim, twilio, receiver):
    sub = twilio.api.v2010.accounts.create(friendly_name="tenant 1")
    own = twilio_client(sim, sub.sid, sub.auth_token)
    number = own.incoming_phone_numbers.create(area_code="512", sms_url=receiver.url + "/sms")
    sim.post(f"/phones/{PHONE}/text", {"to": number.phone_number, "body": "hi 👋"})
    (entry,), (form,) = receiver.received, receiver.forms()
    assert dict(form)["Body"] == "hi 👋" and dict(form)["ToCity"] == "Austin"
    signature = entry["headers"]["X-Twilio-Signature"]
    assert RequestValidator(sub.auth_token).validate(entry["url"], dict(form), signature)
    assert not RequestValidator(TWILIO_TOKEN).validate(entry["url"], dict(form), signature)


def test_signatures_made_by_hand(sim):
    url = "https://example.com/cb?x=1"
    params = [["MediaUrl", "b"], ["MediaUrl", "a"], ["MediaUrl", "b"], ["Zero", ""]]
    signed = sim.post("/sign", {"provider": "twilio", "account": TWILIO_SID, "url": url, "params": params})
    multi = Multi(params)
    validator = RequestValidator(TWILIO_TOKEN)
    assert validator.validate(url, multi, signed["headers"]["X-Twilio-Signature"])
    signed = sim.post(
        "/sign",
        {
            "provider": "twilio",
            "account": TWILIO_SID,
            "url": url,
            "body": '{"a":1}',
            "content_type": "application/json",
        },
    )
    assert validator.validate(signed["url"], signed["body"], signed["headers"]["X-Twilio-Signature"])


def test_stop_list(sim, twilio, receiver):
    sim.post(
        "/numbers",
        {
            "provider": "twilio",
            "account": TWILIO_SID,
            "phone_number": TWILIO_NUMBER,
            "sms_url": receiver.url + "/sms",
        },
    )
    sim.post(f"/phones/{PHONE}/text", {"to": TWILIO_NUMBER, "body": " stop "})
    assert len(receiver.received) == 1
    with pytest.raises(TwilioRestException) as error:
        send(twilio)
    assert (error.value.status, error.value.code) == (400, 21610)
    (reply,) = sim.get(f"/phones/{PHONE}/inbox")["texts"]
    assert reply["kind"] == "auto_reply" and "unsubscribed" in reply["body"]
    sim.post(f"/phones/{PHONE}/text", {"to": TWILIO_NUMBER, "body": "START"})
    assert send(twilio).status == "queued"


def test_mms(sim, twilio, receiver):
    sim.post(
        "/numbers",
        {
            "provider": "twilio",
            "account": TWILIO_SID,
            "phone_number": TWILIO_NUMBER,
            "sms_url": receiver.url + "/sms",
        },
    )
    text = {"to": TWILIO_NUMBER, "media": [{"kind": "jpeg", "not_ready": 1}, {"kind": "vcard"}]}
    received = sim.post(f"/phones/{PHONE}/text", text)
    form = dict(receiver.forms()[0])
    assert form["NumMedia"] == "2" and form["MediaContentType1"] == "text/vcard" and form["Body"] == ""
    url, auth = form["MediaUrl0"], (TWILIO_SID, TWILIO_TOKEN)
    assert request("GET", url)[0] == 401
    assert request("GET", url, auth=auth)[0] == 404
    status, headers, _ = request("GET", url, auth=auth)
    assert status == 307 and not headers["Location"].startswith(sim.base)
    status, headers, body = request("GET", headers["Location"])
    assert status == 200 and headers["Content-Type"] == "image/jpeg" and body.startswith(b"\xff\xd8\xff")
    assert sim.get("/violations")["violations"] == []
    listed = twilio.messages(received["sid"]).media.list()
    assert [m.content_type for m in listed] == ["image/jpeg", "text/vcard"]
    assert twilio.messages(received["sid"]).media(listed[0].sid).delete()
    assert len(twilio.messages(received["sid"]).media.list()) == 1


def test_rate_limit(sim, twilio):
    sim.post(
        "/faults",
        {"provider": "twilio", "operation": "messages.create", "kind": "status_429", "params": {"retry_after": 3}},
    )
    with pytest.raises(TwilioRestException) as error:
        send(twilio)
    assert (error.value.status, error.value.code) == (429, 20429)
    assert sim.get("/faults")["faults"][0]["hits"] == 1
    assert send(twilio).sid


def signalwire_signature(key, url, pairs):
    """Written from SignalWire's description: names sorted, repeated names in their order, nothing dropped."""
    message = url + "".join(name + value for name, value in sorted(pairs, key=lambda pair: pair[0]))
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha1).digest()).decode()


def test_signalwire(sim, receiver):
    status, message = sim.signalwire(
        "POST",
        "/Messages",
        {"To": PHONE, "From": SIGNALWIRE_NUMBER, "Body": "hello", "StatusCallback": receiver.url + "/cb?a=1"},
    )
    assert status == 201 and message["num_segments"] == 1 and message["price"] is None
    assert message["account_sid"] == SIGNALWIRE_SID and message["status"] == "queued"
    sim.advance(1)
    assert [dict(f)["MessageStatus"] for f in receiver.forms()] == ["sending", "sent", "delivered"]
    for entry, form in zip(receiver.received, receiver.forms(), strict=True):
        expect = signalwire_signature(SIGNALWIRE_KEY, entry["url"], form)
        assert entry["headers"]["X-SignalWire-Signature"] == expect
        assert entry["headers"]["X-Twilio-Signature"] == expect
    _, message = sim.signalwire("GET", f"/Messages/{message['sid']}.json")
    assert message["status"] == "delivered" and message["price"] == 0.005


def test_signalwire_mms_has_no_receipt(sim, receiver):
    form = {
        "To": PHONE,
        "From": SIGNALWIRE_NUMBER,
        "MediaUrl": ["https://example.com/a.png"],
        "StatusCallback": receiver.url + "/cb",
    }
    sim.signalwire("POST", "/Messages", form)
    sim.advance(60)
    assert [dict(f)["MessageStatus"] for f in receiver.forms()] == ["sending", "sent"]


def test_signalwire_codes_are_its_own(sim):
    sim.post("/phones/+13105550190", {"sms": False})
    base = {"To": PHONE, "From": SIGNALWIRE_NUMBER, "Body": "x"}
    for change, code in [
        ({"To": "+13105550190"}, 21606),
        ({"From": "+14155550777"}, 21210),
        ({"From": ""}, 21705),
        ({"Body": ""}, 21602),
        ({"ValidityPeriod": "200000"}, 21624),
    ]:
        status, error = sim.signalwire("POST", "/Messages", base | change)
        assert (status, error["code"]) == (400, code), error
        assert set(error) == {"code", "message", "more_info", "status"}
    status, error = sim.signalwire("GET", "/Messages?Page=1")
    assert (status, error["code"]) == (400, 54453)
    status, error = sim.signalwire("GET", "/Messages", auth=(SIGNALWIRE_SID, "wrong"))
    assert (status, error["code"]) == (401, 20003)


def test_signalwire_never_answers_stop(sim, receiver):
    sim.post(
        "/numbers",
        {
            "provider": "signalwire",
            "account": SIGNALWIRE_SID,
            "phone_number": SIGNALWIRE_NUMBER,
            "sms_url": receiver.url + "/sms",
        },
    )
    sim.post(f"/phones/{PHONE}/text", {"to": SIGNALWIRE_NUMBER, "body": "STOP"})
    assert len(receiver.received) == 1
    assert sim.get(f"/phones/{PHONE}/inbox")["texts"] == []
    form = {"To": PHONE, "From": SIGNALWIRE_NUMBER, "Body": "x"}
    assert sim.signalwire("POST", "/Messages", form)[0] == 201
