"""The simulator's answers validate against the providers' official OpenAPI documents."""

import functools
import json
import os
import pathlib
import urllib.parse
import warnings

import jsonschema
import pytest
import yaml
from conftest import (
    PHONE,
    ROOT,
    SIGNALWIRE_NUMBER,
    SIGNALWIRE_SID,
    SIGNALWIRE_TOKEN,
    TWILIO_NUMBER,
    TWILIO_SID,
    TWILIO_TOKEN,
    request,
)

FACTS = pathlib.Path(os.environ.get("PROVIDER_FACTS", ROOT / ".." / "shared" / "providers"))
DOCUMENTS = {
    "twilio": FACTS / "specs" / "twilio" / "twilio_api_v2010.json",
    "twilio messaging": FACTS / "specs" / "twilio" / "twilio_messaging_v1.json",
    "twilio routes": FACTS / "specs" / "twilio" / "twilio_routes_v2.json",
    "signalwire": FACTS / "specs" / "signalwire" / "compatibility-openapi.yaml",
    "telnyx": FACTS / "specs" / "telnyx" / "spec3.json",
    "retell": FACTS / "specs" / "retell" / "retell-openapi.3.0.0.yml",
}


@functools.cache
def document(provider):
    path = DOCUMENTS[provider]
    if not path.exists():
        message = f"NOT CHECKED: the official OpenAPI document of {provider} is absent ({path}); set PROVIDER_FACTS"
        if os.environ.get("PROVIDER_FACTS_REQUIRED") == "1":
            pytest.fail(message)
        warnings.warn(message, stacklevel=2)
        pytest.skip(message)
    text = path.read_text()
    loaded = json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)
    return nullable(loaded)


def nullable(node):
    """OpenAPI 3.0's `nullable` and its other own words in those of JSON Schema."""
    if isinstance(node, list):
        return [nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: nullable(value) for key, value in node.items()}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if "enum" in node:
            node["enum"] = [*node["enum"], None]
    for bound, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if node.get(bound) is True:
            node[bound] = node.pop(inclusive)
        elif node.get(bound) is False:
            del node[bound]
    if "oneOf" in node and "discriminator" in node:
        # A discriminator tells the alternatives apart, their schemas need not.
        node["anyOf"] = node.pop("oneOf")
    return node


def check(provider, path, method, status, body):
    """Validates against the schema of that response; returns the schema."""
    api = document(provider)
    answer = api["paths"][path][method]["responses"][str(status)]
    if "$ref" in answer:
        answer = api["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": api["components"]}).validate(body)
    return schema


def members(provider, name):
    return set(document(provider)["components"]["schemas"][name]["properties"])


@pytest.fixture
def call(sim):
    def call(method, path, form=None):
        data = None if form is None else urllib.parse.urlencode(form, doseq=True).encode()
        headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{sim.base}/twilio/2010-04-01/Accounts{path}"
        status, _, body = request(method, url, data, headers, (TWILIO_SID, TWILIO_TOKEN))
        return status, json.loads(body)

    return call


def test_twilio_messages(sim, call):
    base = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
    status, message = call(
        "POST", f"/{TWILIO_SID}/Messages.json", {"To": PHONE, "From": TWILIO_NUMBER, "Body": "hello"}
    )
    check("twilio", base, "post", status, message)
    assert set(message) == members("twilio", "api.v2010.account.message")
    sim.post(f"/phones/{PHONE}", {"outcome": "undelivered", "error_code": 30005})
    call("POST", f"/{TWILIO_SID}/Messages.json", {"To": PHONE, "From": TWILIO_NUMBER, "Body": "again"})
    sim.advance(1)
    received = sim.post(f"/phones/{PHONE}/text", {"to": TWILIO_NUMBER, "media": [{"kind": "gif"}]})
    status, page = call("GET", f"/{TWILIO_SID}/Messages.json?PageSize=2")
    schema = check("twilio", base, "get", status, page)
    assert set(page) == set(schema["properties"])
    assert {m["status"] for m in page["messages"]} == {"received", "undelivered"}
    status, fetched = call("GET", f"/{TWILIO_SID}/Messages/{message['sid']}.json")
    check("twilio", base.replace("Messages", "Messages/{Sid}"), "get", status, fetched)
    status, media = call("GET", f"/{TWILIO_SID}/Messages/{received['sid']}/Media.json")
    check("twilio", "/2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media.json", "get", status, media)
    assert set(media["media_list"][0]) == members("twilio", "api.v2010.account.message.media")


def test_twilio_numbers(call):
    base = "/2010-04-01/Accounts/{AccountSid}"
    for kind in ("Local", "TollFree"):
        status, offers = call("GET", f"/{TWILIO_SID}/AvailablePhoneNumbers/US/{kind}.json")
        path = f"{base}/AvailablePhoneNumbers/{{CountryCode}}/{kind}.json"
        check_search(path, status, offers)
    status, mobile = call("GET", f"/{TWILIO_SID}/AvailablePhoneNumbers/GB/Mobile.json")
    check_search(f"{base}/AvailablePhoneNumbers/{{CountryCode}}/Mobile.json", status, mobile)
    status, countries = call("GET", f"/{TWILIO_SID}/AvailablePhoneNumbers.json")
    country = countries["countries"][0]
    jsonschema.Draft202012Validator(
        {
            "$ref": "#/components/schemas/api.v2010.account.available_phone_number_country",
            "components": document("twilio")["components"],
        }
    ).validate(country)
    status, number = call("POST", f"/{TWILIO_SID}/IncomingPhoneNumbers.json", {"AreaCode": "617"})
    check("twilio", f"{base}/IncomingPhoneNumbers.json", "post", status, without_empty_sids(number))
    assert members("twilio", "api.v2010.account.incoming_phone_number") <= set(number)
    status, page = call("GET", f"/{TWILIO_SID}/IncomingPhoneNumbers.json")
    page["incoming_phone_numbers"] = [without_empty_sids(n) for n in page["incoming_phone_numbers"]]
    check("twilio", f"{base}/IncomingPhoneNumbers.json", "get", status, page)
    status, number = call(
        "POST", f"/{TWILIO_SID}/IncomingPhoneNumbers/{number['sid']}.json", {"SmsUrl": "https://example.com/"}
    )
    check("twilio", f"{base}/IncomingPhoneNumbers/{{Sid}}.json", "post", status, without_empty_sids(number))


def without_empty_sids(number):
    """The document gives the application sids a pattern, its own examples show empty texts: the examples win."""
    names = ("sms_application_sid", "voice_application_sid")
    return {k: None if k in names and v == "" else v for k, v in number.items()}


def check_search(path, status, answer):
    """The document types latitude and longitude as numbers, its own example shows texts: the example wins."""
    schema = "api.v2010.account.available_phone_number_country.available_phone_number_local"
    example = next(
        iter(
            document("twilio")["paths"][
                "/2010-04-01/Accounts/{AccountSid}/AvailablePhoneNumbers/{CountryCode}/Local.json"
            ]["get"]["responses"]["200"]["content"]["application/json"]["examples"].values()
        )
    )["value"]["available_phone_numbers"][0]
    assert isinstance(example["latitude"], str)
    assert answer["available_phone_numbers"]
    for offer in answer["available_phone_numbers"]:
        assert set(offer) == members("twilio", schema) == set(example)
        for name in ("latitude", "longitude"):
            offer[name] = None if offer[name] is None else float(offer[name])
    check("twilio", path, "get", status, answer)


def test_twilio_accounts(call):
    status, sub = call("POST", ".json", {"FriendlyName": "tenant"})
    check("twilio", "/2010-04-01/Accounts.json", "post", status, sub)
    assert set(sub) == members("twilio", "api.v2010.account")
    status, accounts = call("GET", ".json")
    check("twilio", "/2010-04-01/Accounts.json", "get", status, accounts)
    status, fetched = call("GET", f"/{sub['sid']}.json")
    check("twilio", "/2010-04-01/Accounts/{Sid}.json", "get", status, fetched)
    status, updated = call("POST", f"/{sub['sid']}.json", {"Status": "closed"})
    check("twilio", "/2010-04-01/Accounts/{Sid}.json", "post", status, updated)
    status, balance = call("GET", f"/{TWILIO_SID}/Balance.json")
    check("twilio", "/2010-04-01/Accounts/{AccountSid}/Balance.json", "get", status, balance)


def test_twilios_other_products(sim):
    def call(method, path, form=None):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, body = request(method, f"{sim.base}/twilio{path}", data, headers, (TWILIO_SID, TWILIO_TOKEN))
        return status, json.loads(body)

    status, made = call("POST", "/v1/Services", {"FriendlyName": "texts", "StatusCallback": "https://x.example/s"})
    check("twilio messaging", "/v1/Services", "post", status, made)
    assert set(made) == members("twilio messaging", "messaging.v1.service")
    path = f"/v1/Services/{made['sid']}"
    settings = {"InboundRequestUrl": "https://x.example/in", "UseInboundWebhookOnNumber": "true", "StatusCallback": ""}
    status, changed = call("POST", path, settings)
    check("twilio messaging", "/v1/Services/{Sid}", "post", status, changed)
    shown = call("GET", path)[1]
    check("twilio messaging", "/v1/Services/{Sid}", "get", 200, shown)
    assert (shown["inbound_request_url"], shown["use_inbound_webhook_on_number"], shown["status_callback"]) == ("https://x.example/in", True, None)
    assert call("POST", path, {"InboundMethod": "PUT"})[0] == 400
    assert call("GET", f"/v1/Services/MG{'0' * 32}")[0] == 404

    path = f"/v2/PhoneNumbers/{urllib.parse.quote(TWILIO_NUMBER)}"
    status, region = call("GET", path)
    check("twilio routes", "/v2/PhoneNumbers/{PhoneNumber}", "get", status, region)
    assert set(region) == members("twilio routes", "routes.v2.phone_number") and region["voice_region"] == "us1"
    status, region = call("POST", path, {"VoiceRegion": "ie1"})
    check("twilio routes", "/v2/PhoneNumbers/{PhoneNumber}", "post", status, region)
    assert call("GET", path)[1]["voice_region"] == "ie1"
    assert call("POST", path, {"VoiceRegion": "mars"})[0] == 400
    assert call("GET", "/v2/PhoneNumbers/%2B15005550006")[0] == 404


def test_signalwire_messages(sim):
    base = "/Accounts/{AccountSid}/Messages"
    form = {"To": PHONE, "From": SIGNALWIRE_NUMBER, "Body": "hello"}
    status, message = sim.signalwire("POST", "/Messages", form)
    check("signalwire", base, "post", status, message)
    sim.advance(0.15)
    status, page = sim.signalwire("GET", "/Messages")
    check("signalwire", base, "get", status, page)
    assert page["messages"][0]["status"] == "initiated"
    sim.advance(1)
    sim.post(f"/phones/{PHONE}", {"outcome": "failed"})
    sim.signalwire("POST", "/Messages", form)
    sim.advance(1)
    received = sim.post(f"/phones/{PHONE}/text", {"to": SIGNALWIRE_NUMBER, "media": [{"kind": "png"}]})
    status, page = sim.signalwire("GET", "/Messages.json?PageSize=2")
    check("signalwire", base, "get", status, page)
    status, one = sim.signalwire("GET", f"/Messages/{message['sid']}")
    check("signalwire", base + "/{Sid}", "get", status, one)
    status, media = sim.signalwire("GET", f"/Messages/{received['sid']}/Media")
    check("signalwire", base + "/{MessageSid}/Media", "get", status, media)
    status, error = sim.signalwire("POST", "/Messages", {"To": PHONE})
    check("signalwire", base, "post", status, error)


def test_signalwire_numbers(sim):
    base = "/Accounts/{AccountSid}"
    for kind in ("Local", "TollFree"):
        status, offers = sim.signalwire("GET", f"/AvailablePhoneNumbers/US/{kind}")
        assert offers["available_phone_numbers"]
        check("signalwire", f"{base}/AvailablePhoneNumbers/{{IsoCountry}}/{kind}", "get", status, offers)
    status, countries = sim.signalwire("GET", "/AvailablePhoneNumbers")
    check("signalwire", f"{base}/AvailablePhoneNumbers", "get", status, countries)
    wanted = offers["available_phone_numbers"][0]["phone_number"]
    status, number = sim.signalwire("POST", "/IncomingPhoneNumbers", {"PhoneNumber": wanted})
    check("signalwire", f"{base}/IncomingPhoneNumbers", "post", status, number)
    status, page = sim.signalwire("GET", "/IncomingPhoneNumbers")
    check("signalwire", f"{base}/IncomingPhoneNumbers", "get", status, page)
    assert sim.signalwire("DELETE", f"/IncomingPhoneNumbers/{number['sid']}") == (204, None)


def test_signalwire_accounts(sim):
    def call(method, path, body=None):
        url = f"{sim.base}/signalwire/api/laml/2010-04-01/Accounts{path}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        auth = (SIGNALWIRE_SID, SIGNALWIRE_TOKEN)
        status, _, answer = request(method, url, body, headers if body else {}, auth)
        return status, json.loads(answer)

    status, sub = call("POST", "", b"FriendlyName=tenant")
    check("signalwire", "/Accounts", "post", status, sub)
    assert sub["signing_key"] and sub["auth_token"] == "redacted" and sub["subproject"] is True
    status, accounts = call("GET", "")
    check("signalwire", "/Accounts", "get", status, accounts)
    status, fetched = call("GET", f"/{sub['sid']}")
    check("signalwire", "/Accounts/{Sid}", "get", status, fetched)
    assert fetched["signing_key"] is None
    status, token = call(
        "POST", f"/{SIGNALWIRE_SID}/tokens", f"name=t&permissions[]=messaging&subproject_id={sub['sid']}".encode()
    )
    check("signalwire", "/Accounts/{AccountSid}/tokens", "post", status, token)
