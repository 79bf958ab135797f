"""Reads template.yaml for what neither the emulator nor the linter sees, and AWS would only say at deployment or later."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]

ROUTES = {
    "sms-webhook": ["POST /api/webhooks/{provider}/sms"],
    "status-callback": ["POST /api/webhooks/{provider}/status-callback"],
    "voice-webhook": [f"POST /api/webhooks/{{provider}}/{kind}" for kind in ("voice", "dial-action", "record-action", "call-screen")],
    "call-status": [f"POST /api/webhooks/{{provider}}/{kind}" for kind in ("call-status", "amd-status", "stream-status")],
    "recording-status": ["POST /api/webhooks/{provider}/recording-status"],
    "voicemail-recording": [f"POST /api/webhooks/{{provider}}/{kind}" for kind in ("voicemail-recording", "transcription")],
    "telnyx-webhook": ["POST /api/webhooks/telnyx"],
    "retell-webhook": ["POST /api/webhooks/retell"],
    "send-message": ["POST /api/sms/send"],
    "messages": [
        "GET /api/messages",
        "POST /api/messages/preview",
        "GET /api/messages/{id}",
        "POST /api/messages/{id}/cancel",
        "GET /api/messages/{id}/media/{n}",
    ],
    "conversations": [
        "GET /api/conversations",
        "GET /api/conversations/{id}/messages",
        "POST /api/conversations/{id}/read",
    ],
    "wallet": [
        "GET /api/wallet",
        "GET /api/wallet/transactions",
        "POST /api/wallet/deposit",
        "GET /api/wallet/spend-cap",
        "PUT /api/wallet/spend-cap",
        "GET /api/usage",
    ],
    "search-numbers": ["POST /api/numbers/search"],
    "provider-management": ["POST /api/provider-management"],
    "numbers": ["GET /api/numbers", "POST /api/numbers", "GET /api/numbers/{id}", "PATCH /api/numbers/{id}", "POST /api/numbers/{id}/move"],
    "purchase-number": ["POST /api/numbers/purchase", "GET /api/numbers/purchases/{id}"],
    "release-number": ["DELETE /api/numbers/{id}/release"],
    "provision-subscription": ["POST /api/subscriptions", "GET /api/subscriptions/{id}", "DELETE /api/subscriptions/{id}"],
    "repair-webhooks": ["POST /api/numbers/repair-webhooks"],
    "calls": [
        "GET /api/calls",
        "GET /api/calls/{id}",
        "GET /api/calls/{id}/agent-config",
        "GET /api/recordings/{id}/content",
        "GET /api/voicemails",
        "GET /api/voicemails/{id}",
        "PATCH /api/voicemails/{id}",
        "POST /api/stir/sign",
        "POST /api/stir/verify",
        "GET /api/stir/certificates/{file}",
    ],
    "settings": [
        "GET /api/openapi.json",
        "POST /api/route/explain",
        "GET /api/templates",
        "POST /api/templates",
        "GET /api/templates/{id}",
        "PUT /api/templates/{id}",
        "DELETE /api/templates/{id}",
        "GET /api/opt-outs",
        "POST /api/opt-outs",
        "GET /api/opt-outs/{contact}",
        "DELETE /api/opt-outs/{contact}",
        "GET /api/clients/{clientId}",
        "PUT /api/clients/{clientId}",
        "DELETE /api/clients/{clientId}",
        "GET /api/event-endpoints",
        "POST /api/event-endpoints",
        "GET /api/event-endpoints/{id}",
        "PATCH /api/event-endpoints/{id}",
        "DELETE /api/event-endpoints/{id}",
        "POST /api/event-endpoints/{id}/rotate",
        "POST /api/event-endpoints/{id}/replay",
        "POST /api/event-endpoints/{id}/test",
        "GET /api/event-endpoints/{id}/deliveries",
        "GET /api/agents",
        "POST /api/agents",
        "GET /api/agents/{id}",
        "PUT /api/agents/{id}",
        "DELETE /api/agents/{id}",
        "GET /api/preferences",
        "PUT /api/preferences",
    ],
}
# Anything else needs a token. The providers sign their requests; the document and certificates are public.
OPEN_ROUTES = {
    "POST /api/webhooks/{provider}/sms",
    "POST /api/webhooks/{provider}/status-callback",
    *ROUTES["voice-webhook"],
    *ROUTES["call-status"],
    *ROUTES["recording-status"],
    *ROUTES["voicemail-recording"],
    "POST /api/webhooks/telnyx",
    "POST /api/webhooks/retell",
    "GET /api/openapi.json",
    "GET /api/stir/certificates/{file}",
    "GET /api/calls/{id}/agent-config",
}
# A wildcard of an ARN spans slashes: who is called on `/api/numbers/{id}` may be called on what lies below it, too.
SPANNED = {"GET/api/numbers/purchases/{id}": {"numbers"}}
# Where an ARN may end in a wildcard: objects, and the labels of the table's stream.
WILDCARD_RESOURCES = {"${Table.Arn}/stream/*"} | {f"${{MediaBucket.Arn}}/{place}/*" for place in ("mms", "recordings", "voicemails")}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource.get("Properties", {}) for name, resource in RESOURCES.items() if resource["Type"] == kind}


def function_name(logical_id: str) -> str:
    return FUNCTIONS[logical_id]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")


def target(value: Any) -> str:
    """The logical id that a Ref, GetAtt or Sub of one resource names."""
    if "Ref" in value:
        return value["Ref"]
    if "Fn::GetAtt" in value:
        attribute = value["Fn::GetAtt"]
        return attribute.split(".")[0] if isinstance(attribute, str) else attribute[0]
    return re.search(r"\$\{(\w+)", value["Fn::Sub"])[1]


FUNCTIONS = of_type("AWS::Serverless::Function")
QUEUES = of_type("AWS::SQS::Queue")
ALARMS = of_type("AWS::CloudWatch::Alarm")
SOURCES = of_type("AWS::Lambda::EventSourceMapping")
NAMES = sorted(function_name(logical_id) for logical_id in FUNCTIONS)
every_function = pytest.mark.parametrize("logical_id", sorted(FUNCTIONS))


def statements(logical_id: str) -> list[dict[str, Any]]:
    return [statement for policy in FUNCTIONS[logical_id]["Policies"] for statement in policy["Statement"]]


def literal(value: Any) -> str:
    """The longest that a value can become: parameters by their default, names and addresses generously."""
    if not isinstance(value, dict):
        return str(value)
    if "Fn::If" in value:
        return max((literal(branch) for branch in value["Fn::If"][1:]), key=len)
    if "Ref" in value and value["Ref"] in TEMPLATE["Parameters"]:
        return str(TEMPLATE["Parameters"][value["Ref"]].get("Default", "")).ljust(256, "x")
    return "x" * 256


@every_function
def test_the_environment_stays_below_the_limit(logical_id: str) -> None:
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = FUNCTIONS[logical_id].get("Environment", {}).get("Variables", {})
    assert sum(len(key) + len(literal(value)) for key, value in {**shared, **own}.items()) < 4096
    assert not {"AWS_ENDPOINT_URL", "SIMULATOR_ORIGINS"} & {*shared, *own}, "these two belong to a local stack"


@every_function
def test_a_function_may_do_only_what_is_listed(logical_id: str) -> None:
    assert "Role" not in FUNCTIONS[logical_id], "each function has a role of its own"
    assert statements(logical_id)
    for statement in statements(logical_id):
        for action in statement["Action"]:
            assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action), action
        named = statement["Resource"]
        for resource in named if isinstance(named, list) else [named]:
            text = resource if isinstance(resource, str) else resource.get("Fn::Sub", "")
            assert "*" not in text or text in WILDCARD_RESOURCES, text


@every_function
def test_logs_are_kept_for_a_limited_time(logical_id: str) -> None:
    group = RESOURCES[FUNCTIONS[logical_id]["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
    assert group["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/${{AWS::StackName}}-{function_name(logical_id)}"
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@every_function
def test_a_function_that_fails_raises_an_alarm(logical_id: str) -> None:
    assert {"Name": "FunctionName", "Value": {"Ref": logical_id}} in [
        dimension for alarm in ALARMS.values() if alarm["MetricName"] == "Errors" for dimension in alarm["Dimensions"]
    ]


@every_function
def test_the_binary_lies_where_the_build_puts_it(logical_id: str) -> None:
    assert FUNCTIONS[logical_id]["CodeUri"] == f"target/lambda-arm64/{function_name(logical_id)}/"
    assert RESOURCES[logical_id]["Metadata"] == {"SkipBuild": True}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_a_crate_is_documented_and_has_an_example_event(name: str) -> None:
    assert (ROOT / "functions" / name / "Cargo.toml").is_file()
    row = re.compile(rf"^\|\s*\[?`{re.escape(name)}`", re.MULTILINE)
    assert row.search((ROOT / "README.md").read_text()), f"README.md has no row for {name}"
    events = ROOT / "events"
    assert [*events.glob(f"{name}.json"), *events.glob(f"{name}.*.json")]


def test_every_crate_is_deployed() -> None:
    assert sorted(path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")) == NAMES


@pytest.mark.parametrize("source", [name for name, properties in SOURCES.items() if "Queue" in str(properties["EventSourceArn"])])
def test_a_message_stays_hidden_while_it_is_worked_on(source: str) -> None:
    properties = SOURCES[source]
    timeout = FUNCTIONS[properties["FunctionName"]["Ref"]]["Timeout"]
    queue = QUEUES[target(properties["EventSourceArn"])]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_every_queue_is_watched_and_has_somewhere_to_put_what_fails() -> None:
    watched = {
        (alarm["MetricName"], target(dimension["Value"]))
        for alarm in ALARMS.values()
        for dimension in alarm.get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }
    dead_letters = {target(queue["RedrivePolicy"]["deadLetterTargetArn"]) for queue in QUEUES.values() if "RedrivePolicy" in queue}
    terminal = dead_letters | {"StreamFailuresQueue"}
    for name, queue in QUEUES.items():
        if name in terminal:
            assert ("ApproximateNumberOfMessagesVisible", name) in watched, name
            assert queue["MessageRetentionPeriod"] == 1209600, f"{name}: 14 days, the longest there is"
            assert "RedriveAllowPolicy" in queue, name
        else:
            assert "RedrivePolicy" in queue, name
            assert ("ApproximateAgeOfOldestMessage", name) in watched, name


def test_a_dead_letter_queue_takes_from_its_own_queue_only() -> None:
    for queue in QUEUES.values():
        if "RedrivePolicy" in queue:
            allowed = QUEUES[target(queue["RedrivePolicy"]["deadLetterTargetArn"])]["RedriveAllowPolicy"]
            (source,) = allowed["sourceQueueArns"]
            assert source["Fn::Sub"].endswith(":" + queue["QueueName"]["Fn::Sub"])


def test_failures_of_each_provider_raise_an_alarm() -> None:
    found = {a["Dimensions"][0]["Value"] for a in ALARMS.values() if (a["Namespace"], a["MetricName"]) == ("Tandem", "MessagesFailed")}
    assert found == {"twilio", "signalwire", "telnyx"}, "Retell sends no texts"


def test_alarms_tell_someone_and_stay_quiet_without_data() -> None:
    for name, alarm in ALARMS.items():
        assert alarm["AlarmActions"]["Fn::If"][0] == "HasAlarmTopic", name
        assert alarm["TreatMissingData"] == "notBreaching", name


def allowed(logical_id: str) -> set[tuple[str, str]]:
    """(action, resource's logical id) of a function's policy."""
    pairs = set()
    for statement in statements(logical_id):
        named = statement["Resource"]
        for resource in named if isinstance(named, list) else [named]:
            pairs |= {(action, target(resource)) for action in statement["Action"]}
    return pairs


def test_event_sources_may_read_what_they_read() -> None:
    """The emulator reads queues and streams without asking the function's role; AWS asks it."""
    for source in SOURCES.values():
        function, read = source["FunctionName"]["Ref"], target(source["EventSourceArn"])
        if read == "Table":
            wanted = {(f"dynamodb:{action}", "Table") for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")}
            wanted.add(("sqs:SendMessage", target(source["DestinationConfig"]["OnFailure"]["Destination"])))
        else:
            wanted = {(f"sqs:{action}", read) for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")}
        assert wanted <= allowed(function), function


NEEDED_FOR = {
    "OUTBOUND_QUEUE_URL": ("sqs:SendMessage", "OutboundQueue"),
    "MEDIA_QUEUE_URL": ("sqs:SendMessage", "MediaQueue"),
    "EVENTS_QUEUE_URL": ("sqs:SendMessage", "EventsQueue"),
    "EVENT_RETRIES_QUEUE_URL": ("sqs:SendMessage", "EventRetriesQueue"),
    "PROVIDER_SECRET_ID": ("secretsmanager:GetSecretValue", "ProviderSecret"),
    "CREDENTIALS_KEY_ID": ("kms:Decrypt", "CredentialsKey"),
    "STIR_SECRET_ID": ("secretsmanager:GetSecretValue", "StirSecret"),
}


@every_function
def test_a_function_knows_what_it_may_use_and_nothing_else(logical_id: str) -> None:
    variables = FUNCTIONS[logical_id].get("Environment", {}).get("Variables", {})
    for variable, permission in NEEDED_FOR.items():
        assert (variable in variables) == (permission in allowed(logical_id)), variable
    assert ("SECRETS_KEY_ID" in variables) == any(name == "SecretsKey" for _, name in allowed(logical_id))
    assert ("MEDIA_BUCKET" in variables) == any(name == "MediaBucket" for _, name in allowed(logical_id))


def test_keys_are_used_for_credentials_only_and_made_where_accounts_are_opened() -> None:
    assert RESOURCES["CredentialsKey"]["Properties"]["EnableKeyRotation"] is True
    makers = set()
    for logical_id in FUNCTIONS:
        for statement in statements(logical_id):
            actions = {action for action in statement["Action"] if action.startswith("kms:")}
            if actions and target(statement["Resource"]) == "CredentialsKey":
                condition, bound, locally = statement["Condition"]["Fn::If"]
                assert bound == {"StringEquals": {"kms:EncryptionContext:purpose": "provider-credentials"}}, logical_id
                assert (condition, locally) == ("HasTls", {"Ref": "AWS::NoValue"}), "only the emulator does without"
                assert actions <= {"kms:Decrypt", "kms:GenerateDataKey"}, logical_id
            if "kms:GenerateDataKey" in actions:
                makers.add(function_name(logical_id))
    assert makers == {"provider-management", "provision-subscription", "reconciler"}


def test_customers_secrets_are_sealed_by_one_function_and_opened_by_another() -> None:
    assert RESOURCES["SecretsKey"]["Properties"]["EnableKeyRotation"] is True
    uses = {(function_name(name), action) for name in FUNCTIONS for action, key in allowed(name) if key == "SecretsKey"}
    assert uses == {("settings", "kms:Encrypt"), ("event-worker", "kms:Decrypt")}


def test_the_projector_never_wakes_itself() -> None:
    (source,) = [properties for properties in SOURCES.values() if properties["EventSourceArn"] == {"Fn::GetAtt": ["Table", "StreamArn"]}]
    patterns = [json.loads(entry["Pattern"]) for entry in source["FilterCriteria"]["Filters"]]
    entities = [pattern["dynamodb"]["NewImage"]["ent"]["S"] for pattern in patterns]
    assert sorted(entities) == [["att", "leg", "rec", "inv"], ["msg"], ["msg"]]
    # A changed message only when it has ended; the projector tells of it and writes no message then.
    changed = [p for p in patterns if p["dynamodb"]["NewImage"]["ent"]["S"] == ["msg"] and p["eventName"] != ["INSERT"]]
    assert [(p["eventName"], p["dynamodb"]["NewImage"]["st"]["S"]) for p in changed] == [(["MODIFY"], ["failed", "canceled"])]
    assert source["BisectBatchOnFunctionError"] is True
    assert source["MaximumRetryAttempts"] > 0
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert target(source["DestinationConfig"]["OnFailure"]["Destination"]) == "StreamFailuresQueue"


def test_the_table_is_kept_and_can_be_restored() -> None:
    ((name, table),) = of_type("AWS::DynamoDB::Table").items()
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert "SSESpecification" not in table, "the table is encrypted with DynamoDB's own key, which is free"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert {i["IndexName"]: i["Projection"]["ProjectionType"] for i in table["GlobalSecondaryIndexes"]} == {
        "timeline": "KEYS_ONLY",
        "pending": "KEYS_ONLY",
    }
    for kept in (name, "MediaBucket", "UserPool", "CredentialsKey", "SecretsKey"):
        assert RESOURCES[kept]["DeletionPolicy"] == "RetainExceptOnCreate", kept
        assert RESOURCES[kept]["UpdateReplacePolicy"] == "Retain", kept


def test_the_bucket_is_private() -> None:
    ((name, bucket),) = of_type("AWS::S3::Bucket").items()
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert TEMPLATE["Conditions"]["HasTls"] == {"Fn::Equals": [{"Ref": "LocalPort"}, ""]}
    (policy,) = of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def routes() -> dict[str, dict[str, Any]]:
    return {route["RouteKey"]: route for route in of_type("AWS::ApiGatewayV2::Route").values()}


def test_routes_lead_where_they_should() -> None:
    integrations = of_type("AWS::ApiGatewayV2::Integration")
    found: dict[str, set[str]] = {}
    for key, route in routes().items():
        integration = integrations[target({"Fn::Sub": route["Target"]["Fn::Sub"]})]
        assert integration["PayloadFormatVersion"] == "2.0"
        found.setdefault(function_name(target(integration["IntegrationUri"])), set()).add(key)
    assert found == {name: set(keys) for name, keys in ROUTES.items()}


def test_everything_but_the_open_routes_needs_a_token() -> None:
    for key, route in routes().items():
        if key in OPEN_ROUTES:
            assert route["AuthorizationType"] == "NONE", key
        else:
            assert (route["AuthorizationType"], route["AuthorizerId"]) == ("JWT", {"Ref": "JwtAuthorizer"}), key


def test_the_api_may_call_each_function_on_its_routes_only() -> None:
    allowed: dict[str, list[re.Pattern[str]]] = {}
    for permission in of_type("AWS::Lambda::Permission").values():
        prefix, _, path = permission["SourceArn"]["Fn::Sub"].partition(":${Api}/*/")
        assert prefix and path, permission
        pattern = re.compile(re.escape(path).replace(r"\*", ".*"))
        allowed.setdefault(function_name(permission["FunctionName"]["Ref"]), []).append(pattern)
    requests = [(name, key.replace(" ", "", 1)) for name, keys in ROUTES.items() for key in keys]
    for name, request in requests:
        callers = {function for function, patterns in allowed.items() if any(p.fullmatch(request) for p in patterns)}
        assert callers - SPANNED.get(request, set()) == {name}, request


def test_names_carry_the_stack_so_that_two_stacks_fit_into_one_account() -> None:
    named = [
        properties[key]
        for resource in RESOURCES.values()
        for properties in [resource.get("Properties", {})]
        for key in ("FunctionName", "QueueName", "LogGroupName", "TableName", "BucketName", "AlarmName")
        if key in properties and resource["Type"] != "AWS::Lambda::Permission" and "EventSourceArn" not in properties
    ]
    named += [e["Properties"]["Name"] for f in FUNCTIONS.values() for e in f.get("Events", {}).values() if e["Type"] == "ScheduleV2"]
    assert all("${AWS::StackName}" in name["Fn::Sub"] for name in named)


def test_users_cannot_write_their_tenant() -> None:
    (client,) = of_type("AWS::Cognito::UserPoolClient").values()
    assert client["WriteAttributes"] and not [name for name in client["WriteAttributes"] if name.startswith("custom:")]
    (pool,) = of_type("AWS::Cognito::UserPool").values()
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_secrets_are_not_shown() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        if re.search(r"Token$|SigningKey$", name):
            assert parameter["NoEcho"] is True, name
