"""Functions' programs under Lambda's Runtime Interface Emulator, and what a deployment would have made for them: a table,
queues, a bucket, a secret and a key of their own, in the emulator of a running stack.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import requests
import samcli
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import events  # noqa: E402
import seed  # noqa: E402
from stack import telnyx_public_key  # noqa: E402

MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
RIE = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{MACHINE}"
DEMO = events.World()


def stack_file() -> Path:
    if named := os.environ.get("TANDEM_STACK"):
        return Path(named)
    local = ROOT / ".local"
    return next((file for file in (local / "test" / "stack.json", local / "stack.json") if file.exists()), local / "stack.json")


def program(function: str) -> Path:
    """The release build for this machine where there is one, else the development build."""
    release = ROOT / "target" / f"lambda-{MACHINE}" / function / "bootstrap"
    return release if release.exists() else ROOT / "target" / "debug" / function


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """What a deployment would have made for the functions, and the functions."""

    def __init__(self, stack: dict[str, Any], logs: Path) -> None:
        self.stack, self.logs, self.name = stack, logs, "rie-" + secrets.token_hex(4)
        self.running: dict[str, tuple[subprocess.Popen[bytes], str]] = {}
        self.dynamo, self.s3, self.sqs = self.client("dynamodb"), self.client("s3"), self.client("sqs")
        self.make_table()
        self.s3.create_bucket(Bucket=self.name)
        self.queues = {
            name: self.sqs.create_queue(QueueName=f"{self.name}-{name}")["QueueUrl"] for name in ("outbound", "media", "event-retries")
        }
        first_in_first_out = {"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
        self.queues["events"] = self.sqs.create_queue(QueueName=f"{self.name}-events.fifo", Attributes=first_in_first_out)["QueueUrl"]
        self.key = self.client("kms").create_key()["KeyMetadata"]["Arn"]
        accounts = [
            {"id": "platform-twilio", "provider": "twilio", "config": {
                "account_sid": DEMO.twilio_account, "auth_token": DEMO.twilio_token, "api_base": stack["simulator"] + "/twilio"}},
            {"id": "platform-signalwire", "provider": "signalwire", "config": {
                "project_id": DEMO.signalwire_project, "token": "PTdemo", "space_url": "demo.signalwire.com",
                "signing_key": DEMO.signalwire_key, "api_base": stack["simulator"] + "/signalwire"}},
            {"id": "platform-telnyx", "provider": "telnyx", "config": {
                "api_key": "KEYdemo", "public_key": telnyx_public_key(DEMO.telnyx_seed), "account_id": DEMO.telnyx_account,
                "connection_id": DEMO.telnyx_connection, "messaging_profile_id": DEMO.telnyx_profile, "api_base": stack["simulator"] + "/telnyx"}},
            {"id": "platform-retell", "provider": "retell", "config": {
                "api_key": DEMO.retell_key, "api_base": stack["simulator"] + "/retell"}},
        ]  # fmt: skip
        self.client("secretsmanager").create_secret(Name=self.name, SecretString=json.dumps({"accounts": accounts}))
        self.client("secretsmanager").create_secret(Name=f"{self.name}-stir", SecretString=json.dumps(seed.signing_key()))
        self.make_provider()
        self.register_numbers()

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.stack["endpoint"], region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="test", config=Config(retries={"max_attempts": 2}),
        )  # fmt: skip

    def make_table(self) -> None:
        """The table as the stack has it."""
        like = self.dynamo.describe_table(TableName=self.stack["table"])["Table"]
        indexes = [{part: index[part] for part in ("IndexName", "KeySchema", "Projection")} for index in like["GlobalSecondaryIndexes"]]
        self.dynamo.create_table(
            TableName=self.name, KeySchema=like["KeySchema"], AttributeDefinitions=like["AttributeDefinitions"],
            GlobalSecondaryIndexes=indexes, BillingMode="PAY_PER_REQUEST",
        )  # fmt: skip
        self.dynamo.get_waiter("table_exists").wait(TableName=self.name, WaiterConfig={"Delay": 1})

    def make_provider(self) -> None:
        """The demo account at the simulator, with a number whose webhooks go nowhere: the events are given by hand."""
        control(self.stack, "accounts", {"provider": "twilio", "sid": DEMO.twilio_account, "auth_token": DEMO.twilio_token})
        control(self.stack, "numbers", {"provider": "twilio", "account": DEMO.twilio_account, "phone_number": DEMO.numbers["twilio"]})

    def register_numbers(self) -> None:
        binary = Path(os.environ.get("TANDEM_BIN", ROOT / "target" / "debug" / "tandem"))
        for provider, number in DEMO.numbers.items():
            subprocess.run(
                [binary, "number", "add", "--phone", number, "--provider", provider, "--account", f"platform-{provider}", "--tenant", "demo"],
                env=self.environment(), check=True, capture_output=True, timeout=60,
            )  # fmt: skip

    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "AWS_ENDPOINT_URL": self.stack["endpoint"],
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "",
            "TABLE_NAME": self.name,
            "PROVIDER_SECRET_ID": self.name,
            "STIR_SECRET_ID": f"{self.name}-stir",
            "CREDENTIALS_KEY_ID": self.key,
            "SECRETS_KEY_ID": self.key,
            "MEDIA_BUCKET": self.name,
            "OUTBOUND_QUEUE_URL": self.queues["outbound"],
            "MEDIA_QUEUE_URL": self.queues["media"],
            "EVENTS_QUEUE_URL": self.queues["events"],
            "EVENT_RETRIES_QUEUE_URL": self.queues["event-retries"],
            "PLATFORM_ACCOUNTS": ",".join(f"platform-{provider}" for provider in DEMO.numbers),
            "PUBLIC_BASE_URL": DEMO.base,
            "STACK_NAME": self.name,
            "RENT_GRACE_DAYS": "7",
            "RENT_RELEASE_DAYS": "30",
            "SIMULATOR_ORIGINS": f"{self.stack['simulator']},{self.stack['cdn']}",
        }

    # ---- functions ----

    def invoke(self, name: str, event: dict[str, Any] | None = None) -> Any:
        """Gives the function of a file that file, or `event` instead."""
        function = name.split(".")[0]
        if function not in self.running:
            self.start(function)
        process, url = self.running[function]
        event = event if event is not None else json.loads((ROOT / "events" / f"{name}.json").read_text())
        answer = requests.post(url, json=event, timeout=60)
        assert process.poll() is None, self.log(function)
        assert answer.status_code == 200, self.log(function)
        body = answer.json() if answer.text else None
        assert not (isinstance(body, dict) and "errorType" in body), (body, self.log(function))
        return body

    def start(self, function: str) -> None:
        binary = program(function)
        assert binary.exists(), f"{binary} is missing; build it first"
        api, front = free_port(), free_port()
        log = (self.logs / f"{function}.log").open("wb")
        process = subprocess.Popen(
            [RIE, "--runtime-api-address", f"127.0.0.1:{api}", "--runtime-interface-emulator-address", f"127.0.0.1:{front}", binary],
            env={**self.environment(), "AWS_LAMBDA_FUNCTION_NAME": function, "AWS_LAMBDA_FUNCTION_TIMEOUT": "60"},
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self.running[function] = (process, f"http://127.0.0.1:{front}/2015-03-31/functions/function/invocations")
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", front), timeout=1).close()
                return
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, self.log(function)
                time.sleep(0.05)

    def log(self, function: str) -> str:
        return (self.logs / f"{function}.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        for process, _ in self.running.values():
            os.killpg(process.pid, 15)  # The emulator, and the function that it started.
        for process, _ in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait(10)

    # ---- what was stored ----

    def items(self, entity: str | None = None) -> list[dict[str, Any]]:
        found = []
        for page in self.dynamo.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True):
            found += page["Items"]
        return [item for item in found if entity is None or item["ent"]["S"] == entity]

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        item = self.dynamo.get_item(TableName=self.name, Key={"PK": {"S": pk}, "SK": {"S": sk}}, ConsistentRead=True).get("Item")
        assert item is not None, (pk, sk, [(i["PK"]["S"], i["SK"]["S"]) for i in self.items()])
        return item

    def jobs(self, queue: str) -> list[dict[str, Any]]:
        """Takes what is in a queue."""
        found: list[dict[str, Any]] = []
        while got := self.sqs.receive_message(QueueUrl=self.queues[queue], MaxNumberOfMessages=10).get("Messages", []):
            for message in got:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queues[queue], ReceiptHandle=message["ReceiptHandle"])
        return found


def control(stack: dict[str, Any], path: str, body: Any) -> dict[str, Any]:
    answer = requests.post(f"{stack['simulator']}/_sim/{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    return answer.json()
