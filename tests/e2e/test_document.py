"""The OpenAPI document: served to anybody, valid, and true."""

from __future__ import annotations

import random
import re
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator

import requests
from jsonschema import Draft202012Validator

from world import World, contact, eventually, explain, words

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
TEXT = {"type": "string"}
# The rules of OpenAPI 3.1 for what a document of ours may hold: nothing that is not in the specification.
RULES: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {
                "title": TEXT, "version": TEXT, "summary": TEXT, "description": TEXT, "termsOfService": TEXT, "contact": {"type": "object"},
                "license": {"type": "object", "required": ["name"], "not": {"required": ["identifier", "url"]}},
            },
        },
        "servers": {"type": "array", "items": {"type": "object", "required": ["url"]}},
        "security": {"type": "array"},
        "tags": {"type": "array"},
        "paths": {
            "type": "object",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                "type": "object",
                "propertyNames": {"enum": sorted(METHODS | {"summary", "description", "servers", "parameters", "$ref"})},
                "additionalProperties": {"$ref": "#/$defs/operation"},
            },
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **{part: {"type": "object", "propertyNames": {"pattern": r"^[a-zA-Z0-9._-]+$"}} for part in ("responses", "parameters", "examples", "requestBodies", "headers", "links", "callbacks", "pathItems")},
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[a-zA-Z0-9._-]+$"}, "additionalProperties": {"type": ["object", "boolean"]}},
                "securitySchemes": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["type", "scheme"],
                        "properties": {"type": {"const": "http"}, "scheme": TEXT, "bearerFormat": TEXT, "description": TEXT},
                        "additionalProperties": False,
                    },
                },
            },
        },
    },
    "$defs": {
        "operation": {
            "type": "object",
            "required": ["responses", "operationId"],
            "additionalProperties": False,
            "properties": {
                "summary": TEXT, "description": TEXT, "operationId": TEXT, "tags": {"type": "array", "items": TEXT}, "deprecated": {"type": "boolean"},
                "security": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}}},
                "parameters": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name", "in", "schema"],
                        "additionalProperties": False,
                        "properties": {
                            "name": TEXT, "in": {"enum": ["query", "header", "path", "cookie"]}, "required": {"type": "boolean"},
                            "description": TEXT, "schema": {"type": ["object", "boolean"]}, "example": {},
                        },
                        "if": {"properties": {"in": {"const": "path"}}},
                        "then": {"required": ["required"], "properties": {"required": {"const": True}}},
                    },
                },
                "requestBody": {
                    "type": "object",
                    "required": ["content"],
                    "additionalProperties": False,
                    "properties": {"required": {"type": "boolean"}, "description": TEXT, "content": {"$ref": "#/$defs/content"}},
                },
                "responses": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": "^([1-5][0-9][0-9]|[1-5]XX|default)$"},
                    "additionalProperties": {
                        "type": "object",
                        "required": ["description"],
                        "additionalProperties": False,
                        "properties": {"description": TEXT, "content": {"$ref": "#/$defs/content"}, "headers": {"type": "object"}},
                    },
                },
            },
        },
        "content": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z*]+/[a-z*.+-]+$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"schema": {"type": ["object", "boolean"]}, "example": {}, "examples": {"type": "object"}},
            },
        },
    },
}  # fmt: skip


def schemas(value: Any) -> Iterator[Any]:
    """Every schema of the document."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "schema":
                yield member
            elif name == "schemas":
                yield from member.values()
            yield from schemas(member)
    elif isinstance(value, list):
        for member in value:
            yield from schemas(member)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_it_is_served_without_a_token_and_is_valid(world: World) -> None:
    answer = requests.get(world.url + "/api/openapi.json", timeout=30)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json"), explain(answer)
    document = answer.json()
    errors = list(Draft202012Validator(RULES).iter_errors(document))
    assert not errors, [(error.json_path, error.message[:200]) for error in errors[:5]]
    found = list(schemas(document))
    assert len(found) > 40
    for schema in found:
        Draft202012Validator.check_schema(schema)
    for reference in references(document):
        target = document
        assert reference.startswith("#/"), reference
        for part in reference[2:].split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    for path, operations in document["paths"].items():
        for operation in operations.values():
            named = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert named == re.findall(r"\{(\w+)\}", path), path
            assert set().union(*operation.get("security", [])) <= set(document["components"]["securitySchemes"])


def test_it_names_every_route_of_the_stack_and_no_other(world: World) -> None:
    gateway = world.aws("apigatewayv2")
    [api] = [api for api in gateway.get_apis()["Items"] if api["Name"] == world.stack["stackName"]]
    routes = {route["RouteKey"] for route in gateway.get_routes(ApiId=api["ApiId"], MaxResults="500")["Items"]}
    document = world.contract.document
    documented = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    assert documented == routes


def everything_about_numbers(world: World) -> None:
    admin = world.admin

    def offer(provider: str) -> str:
        asked = {"countryCode": "CA", "numberType": "local", "provider": provider, "areaCode": "604", "limit": 100}
        return random.choice(admin.post("/api/numbers/search", asked).json()["numbers"])["phoneNumber"]

    def buy(provider: str) -> dict[str, Any]:
        wish = {"phoneNumber": offer(provider), "countryCode": "CA", "numberType": "local", "provider": provider, "displayName": words()}
        return admin.post("/api/numbers/purchase", wish).json()

    admin.post("/api/wallet/deposit", {"amount": 5, "reference": secrets.token_hex(8)})
    number = f"/api/numbers/{buy('twilio')['number']['id']}"
    admin.get(f"/api/numbers/purchases/{buy('telnyx')['purchase']['id']}")
    admin.get("/api/numbers")
    admin.get(number)
    admin.request("PATCH", number, json={"notes": "x"})
    admin.delete(f"{number}/release")
    admin.post(f"/api/numbers/{buy('twilio')['number']['id']}/move", {"tenantId": "rival"})
    entered = {"phoneNumber": contact(), "providerAccountId": "platform-twilio", "displayName": words()}
    admin.post("/api/numbers", entered)
    subscription = {"subscriptionId": "s-" + secrets.token_hex(6), "userId": "ann", "provider": "twilio", "billing": "included"}
    admin.post("/api/subscriptions", subscription)
    admin.get(f"/api/subscriptions/{subscription['subscriptionId']}")
    admin.delete(f"/api/subscriptions/{subscription['subscriptionId']}")


def everything_about_calls(world: World) -> None:
    """A caller leaves a message, another one talks to an agent."""
    tenant, sim = world.tenant(), world.sim
    api, admin = tenant.api, tenant.admin
    line = tenant.number("twilio", user="u-1")
    admin.put("/api/preferences?userId=u-1", {"voicemailEnabled": True})
    api.get("/api/preferences")
    sim.call("POST", f"/phones/{contact()}/call", {"to": line, "call": {"speech": "Hello", "speech_seconds": 4, "hang_up_when": "recording_ends"}})

    def heard() -> dict[str, Any]:
        messages = api.get("/api/voicemails").json()["items"]
        assert messages and messages[0]["recordingUrl"], messages
        return messages[0]

    message = eventually(heard, 40)
    api.get("/api/calls")
    api.get(f"/api/calls/{message['callId']}")
    api.get(f"/api/voicemails/{message['id']}")
    api.request("PATCH", f"/api/voicemails/{message['id']}", json={"status": "listened"})
    api.get(f"/api/recordings/{message['id']}/content")
    agent = {"id": "ag-" + secrets.token_hex(4), "name": "Desk", "kind": "stream", "stream": {"url": "wss://voice.example.com/in"}}
    admin.post("/api/agents", agent)
    sid = sim.call("POST", f"/phones/{contact()}/call", {"to": tenant.number("twilio", agent=agent["id"]), "call": {"hang_up_after_steps": 60}})["call_sid"]

    def streamed() -> dict[str, Any]:
        [call] = sim.call("GET", "/calls", id=sid)["calls"]
        entries = [entry for entry in call["heard"] if entry["kind"] == "streamed"]
        assert entries, call["heard"]
        return entries[0]["parameters"]

    told = eventually(streamed, 20)
    path = told["configUrl"].removeprefix(world.url)
    assert world.nobody.get(path, headers={"X-Call-Token": told["token"]}).status_code == 200


def test_real_answers_of_every_operation_are_as_documented(world: World) -> None:
    """The client checks every answer against the document; here each operation answers at least once with success."""
    world.contract.seen.clear()
    user, admin, phone, name = world.user, world.admin, contact(), "t-" + secrets.token_hex(4)
    world.sim.text(phone, world.demo_number["twilio"], words(), media=[{"kind": "png"}, {"kind": "jpeg"}])
    [message] = user.received(phone)
    world.sim.text(contact(), world.demo_number["signalwire"], words())
    sent = user.send(to=phone, message=words())
    later = user.post("/api/sms/send", {"to": phone, "message": words(), "sendAt": in_an_hour(), "leadId": "l-1", "purpose": "otp"})
    user.settled(sent["id"])
    user.post(f"/api/messages/{later.json()['message']['id']}/cancel")
    user.get("/api/messages", params={"limit": 100})
    user.get(f"/api/messages/{message['id']}")
    eventually(lambda: user.get(f"/api/messages/{message['id']}/media/0").status_code == 302)
    user.post("/api/messages/preview", {"message": words(), "to": phone})
    user.get("/api/conversations", params={"limit": 100})
    user.get(f"/api/conversations/{message['conversationId']}/messages")
    user.post(f"/api/conversations/{message['conversationId']}/read")
    user.get("/api/wallet")
    user.get("/api/wallet/transactions")
    user.get("/api/wallet/spend-cap")
    admin.put("/api/wallet/spend-cap", {"daily": None, "monthly": 100000.5})
    admin.put("/api/wallet/spend-cap", {"daily": None, "monthly": None})
    user.get("/api/usage", params={"groupBy": "user"})
    admin.post("/api/wallet/deposit", {"amount": 0.5, "reference": secrets.token_hex(8)})
    admin.post("/api/templates", {"id": name, "body": words("{{a}}"), "optOutLine": True})
    admin.put(f"/api/templates/{name}", {"body": words()})
    user.get("/api/templates")
    user.get(f"/api/templates/{name}")
    admin.delete(f"/api/templates/{name}")
    blocked = contact()
    user.post("/api/opt-outs", {"contact": blocked, "note": "x"})
    user.get("/api/opt-outs")
    user.get(f"/api/opt-outs/%2B{blocked[1:]}")
    admin.delete(f"/api/opt-outs/%2B{blocked[1:]}")
    client = "c" + secrets.token_hex(6)
    admin.put(f"/api/clients/{client}", {"tenantId": "demo"})
    admin.get(f"/api/clients/{client}")
    admin.delete(f"/api/clients/{client}")
    user.post("/api/route/explain", {"to": phone})
    user.post("/api/numbers/search", {"countryCode": "US", "numberType": "local", "areaCode": "415"})
    user.post("/api/provider-management", {"action": "list_providers"})
    admin.post("/api/numbers/repair-webhooks", {"dryRun": True, "provider": "retell"})
    call = {"from": world.demo_number["twilio"], "to": phone}
    signed = user.post("/api/stir/sign", call).json()
    assert user.post("/api/stir/verify", {**call, "identity": signed["identity"]}).json()["verified"] is True
    world.nobody.get(signed["certificateUrl"].removeprefix(world.url))
    everything_about_numbers(world)
    everything_about_calls(world)
    endpoint = made(world, "/api/event-endpoints")
    admin.get("/api/event-endpoints")
    admin.get(endpoint)
    admin.request("PATCH", endpoint, json={"isActive": True})
    for action, body in (("rotate", {}), ("test", None), ("replay", {"since": "2026-01-01T00:00:00Z"})):
        admin.post(f"{endpoint}/{action}", body)
    admin.get(f"{endpoint}/deliveries")
    admin.delete(endpoint)
    agent = made(world, "/api/agents")
    admin.get("/api/agents")
    admin.get(agent)
    admin.put(agent, AGENT)
    admin.delete(agent)
    world.nobody.get("/api/openapi.json")
    params = world.signer.inbound("twilio", phone, world.demo_number["twilio"], words())
    world.deliver("twilio", params)
    world.report("twilio", world.webhook("twilio", "status-callback") + "?m=x", world.signer.report("twilio", params["MessageSid"], phone, phone, "sent"))

    answered = {(method, path) for method, path, status in world.contract.seen if status != "default"}
    documented = {(method.upper(), path) for path, operations in world.contract.document["paths"].items() for method in operations}
    webhooks = {(method, path) for method, path in documented if path.startswith("/api/webhooks/")}
    assert documented - webhooks <= answered, documented - webhooks - answered


AGENT = {"name": "Front desk", "sms": {"url": "https://example.com/agent"}}


def made(world: World, collection: str) -> str:
    """The path of a new thing of a collection."""
    hook = f"{world.stack['simulator']}/_hooks/{secrets.token_hex(6)}"
    body = AGENT if collection == "/api/agents" else {"url": hook, "events": ["number.*"]}
    answer = world.admin.post(collection, body)
    assert answer.status_code == 201, explain(answer)
    [thing] = [member for member in answer.json().values() if isinstance(member, dict)]
    return f"{collection}/{thing['id']}"


def in_an_hour() -> str:
    return (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()


def test_bodies_that_the_document_allows_are_read_and_others_are_not(world: World) -> None:
    """The request schemas say what is required and that nothing else is known."""
    # Where an id that names nothing would be answered first.
    known = {collection: made(world, collection) for collection in ("/api/event-endpoints", "/api/agents")}
    for path, operations in world.contract.document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody")
            if not body:
                continue
            schema = body["content"]["application/json"]["schema"]
            if "$ref" in schema:
                schema = world.contract.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            assert schema["additionalProperties"] is False, path
            collection = path.split("/{")[0]
            filled = path.replace(f"{collection}/{{id}}", known[collection]) if collection in known else re.sub(r"\{\w+\}", "x", path)
            answer = world.admin.request(method.upper(), filled, json={"there is no such member": 1})
            assert answer.status_code == 400, explain(answer)
    for path in known.values():
        assert world.admin.delete(path).status_code < 300, path
