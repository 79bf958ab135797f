"""Who may see what: nobody without a token, nobody another tenant's, and not everybody everything."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
import requests

from world import Api, Simulator, World, contact, explain, problem, words


@pytest.fixture(scope="module")
def things(world: World) -> dict[str, Any]:
    """One of everything of the tenant `demo`."""
    phone = contact()
    world.sim.text(phone, world.demo_number["twilio"], words(), media=[{"kind": "png"}])
    [message] = world.user.received(phone)
    template = "t-" + secrets.token_hex(4)
    assert world.admin.put(f"/api/templates/{template}", {"body": words()}).status_code == 200
    blocked = contact()
    assert world.user.post("/api/opt-outs", {"contact": blocked}).status_code == 201
    return {"message": message["id"], "conversation": message["conversationId"], "contact": phone, "template": template, "blocked": blocked}


def protected(world: World) -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, operations in world.contract.document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    ]


def test_without_a_token_nothing_is_answered(world: World) -> None:
    operations = protected(world)
    assert len(operations) > 20
    bad_tokens = [None, "x", "a.b.c", world.user.token[:-4] + "AAAA", unsigned(world.user.token)]
    for method, path in operations:
        for token in bad_tokens:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            filled = path.replace("{", "").replace("}", "")
            answer = requests.request(method, world.url + filled, headers=headers, timeout=30, allow_redirects=False)
            assert answer.status_code == 401, explain(answer)
            assert set(answer.json()) == {"message"}, explain(answer)


def unsigned(token: str) -> str:
    """The same claims, with the platform's role, signed by nobody."""
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==="))
    payload["cognito:groups"] = ["admin"]
    parts = ({"alg": "none", "typ": "JWT"}, payload)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def test_unknown_routes(world: World) -> None:
    for method, path in (("GET", "/api"), ("GET", "/api/nothing"), ("POST", "/api/sms"), ("DELETE", "/api/messages/x"), ("GET", "/")):
        answer = requests.request(method, world.url + path, headers={"Authorization": f"Bearer {world.user.token}"}, timeout=30)
        assert answer.status_code in (403, 404), explain(answer)


def test_another_tenants_things_do_not_exist(world: World, things: dict[str, Any]) -> None:
    message, conversation, other = things["message"], things["conversation"], world.other
    phone, blocked = things["contact"][1:], things["blocked"][1:]
    for method, path in (
        ("GET", f"/api/messages/{message}"),
        ("POST", f"/api/messages/{message}/cancel"),
        ("GET", f"/api/messages/{message}/media/0"),
        ("GET", f"/api/conversations/{conversation}/messages"),
        ("POST", f"/api/conversations/{conversation}/read"),
        ("GET", f"/api/conversations/%2B{phone}/messages"),
        ("POST", f"/api/conversations/%2B{phone}/read"),
        ("GET", f"/api/templates/{things['template']}"),
        ("GET", f"/api/opt-outs/%2B{blocked}"),
    ):
        problem(other.request(method, path), 404, "NOT_FOUND")
    assert world.user.message(message)["id"] == message
    unread = world.user.conversation(things["contact"])["unreadCount"]
    assert unread == 1, "another tenant marked it read"
    template = {"to": contact(), "templateId": things["template"]}
    problem(other.post("/api/sms/send", template), 422, "TEMPLATE_NOT_FOUND", "templateId")
    problem(other.post("/api/messages/preview", {"templateId": things["template"]}), 422, "TEMPLATE_NOT_FOUND", "templateId")


def test_lists_of_another_tenant_hold_nothing_of_it(world: World, things: dict[str, Any]) -> None:
    fresh = world.tenant().api
    for path in ("/api/messages", "/api/conversations", "/api/wallet/transactions", "/api/templates", "/api/opt-outs"):
        assert fresh.pages(path) == [], path
    assert fresh.conversation(things["contact"]) is None
    assert fresh.wallet() == {"balance": 0, "held": 0, "available": 0}
    for path, forbidden in (("/api/messages", things["message"]), ("/api/conversations", things["conversation"]), ("/api/templates", things["template"])):
        assert forbidden not in [item["id"] for item in world.other.pages(path)]


def test_cursors_are_good_for_one_list_of_one_tenant(world: World, things: dict[str, Any]) -> None:
    lists = ["/api/messages", "/api/conversations", "/api/wallet/transactions"]
    world.sim.text(contact(), world.demo_number["twilio"], words())
    for path in lists:
        page = world.user.get(path, params={"limit": 1}).json()
        cursor = page["nextCursor"]
        assert cursor, path
        problem(world.other.get(path, params={"cursor": cursor}), 400, "VALIDATION_FAILED", "cursor")
        for elsewhere in lists:
            if elsewhere != path:
                problem(world.user.get(elsewhere, params={"cursor": cursor}), 400, "VALIDATION_FAILED", "cursor")
        bent = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
        answer = world.user.get(path, params={"cursor": bent})
        assert answer.status_code in (200, 400), explain(answer)


def test_only_the_platform_names_another_tenant(world: World) -> None:
    for path in ("/api/messages", "/api/conversations", "/api/wallet", "/api/wallet/transactions", "/api/wallet/spend-cap"):
        for api in (world.user, world.other):
            foreign = "rival" if api is world.user else "demo"
            problem(api.get(path, params={"tenantId": foreign}), 403, "FORBIDDEN")
        assert world.admin.get(path, params={"tenantId": "rival"}).status_code == 200
        assert world.user.get(path, params={"tenantId": "demo"}).status_code == 200
        problem(world.admin.get(path, params={"tenantId": "a#b"}), 400, "VALIDATION_FAILED", "tenantId")


def test_what_needs_a_role(world: World, things: dict[str, Any]) -> None:
    blocked = things["blocked"][1:]
    for method, path, body in (
        ("POST", "/api/wallet/deposit", {"amount": 1, "reference": "no"}),
        ("PUT", "/api/wallet/spend-cap", {"daily": None, "monthly": None}),
        ("POST", "/api/templates", {"id": "no", "body": "x"}),
        ("PUT", "/api/templates/no", {"body": "x"}),
        ("DELETE", f"/api/templates/{things['template']}", None),
        ("DELETE", f"/api/opt-outs/%2B{blocked}", None),
        ("GET", "/api/clients/c", None),
        ("PUT", "/api/clients/c", {"tenantId": "rival"}),
        ("DELETE", "/api/clients/c", None),
    ):
        for api in (world.user, world.other):
            problem(api.request(method, path, **({"json": body} if body else {})), 403, "FORBIDDEN")


def test_a_tenants_admin_is_not_the_platform(world: World) -> None:
    name = "t" + secrets.token_hex(5)
    keeper = Api(world.url, world.token(name, ["tenant-admin"]), world.contract)
    assert keeper.post("/api/templates", {"id": "mine", "body": "x"}).status_code == 201
    assert keeper.delete("/api/templates/mine").status_code == 200
    problem(keeper.post("/api/wallet/deposit", {"amount": 1, "reference": "no"}), 403, "FORBIDDEN")
    problem(keeper.put("/api/clients/c", {"tenantId": name}), 403, "FORBIDDEN")
    problem(keeper.get("/api/wallet", params={"tenantId": "demo"}), 403, "FORBIDDEN")
    for lookalike in ("admins", "not-admin", "Admin"):
        cognito = world.aws("cognito-idp")
        try:
            cognito.create_group(UserPoolId=world.stack["userPool"], GroupName=lookalike)
        except cognito.exceptions.GroupExistsException:
            pass
        api = Api(world.url, world.token(name, [lookalike]), world.contract)
        problem(api.post("/api/wallet/deposit", {"amount": 1, "reference": "no"}), 403, "FORBIDDEN")


def test_machine_clients_are_bound_by_the_platform(world: World) -> None:
    client = "client" + secrets.token_hex(8)
    problem(world.admin.get(f"/api/clients/{client}"), 404, "NOT_FOUND")
    bound = world.admin.put(f"/api/clients/{client}", {"tenantId": "rival"})
    assert bound.status_code == 200 and bound.json()["client"] == {"clientId": client, "tenantId": "rival"}, explain(bound)
    assert world.admin.get(f"/api/clients/{client}").json()["client"]["tenantId"] == "rival"
    assert world.admin.delete(f"/api/clients/{client}").status_code == 200
    problem(world.admin.get(f"/api/clients/{client}"), 404, "NOT_FOUND")


def test_users_create_no_accounts_and_choose_no_tenant(world: World) -> None:
    """The pool admits only users that an administrator makes."""
    pool = world.aws("cognito-idp").describe_user_pool(UserPoolId=world.stack["userPool"])["UserPool"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    client = world.aws("cognito-idp").describe_user_pool_client(
        UserPoolId=world.stack["userPool"], ClientId=world.stack["userPoolClient"]
    )["UserPoolClient"]
    assert "custom:tenant_id" not in client.get("WriteAttributes", []), client


def test_nothing_of_the_bucket_is_public(world: World, sim: Simulator) -> None:
    root = f"{world.stack['endpoint']}/{world.stack['bucket']}"
    for url in (root, root + "/", root + "/?list-type=2", root + "/mms/"):
        answer = requests.get(url, timeout=30)
        assert answer.status_code in (403, 404) and "Contents" not in answer.text, explain(answer)
