"""Last of all: what was done above stands in the logs without anybody's number, words or keys."""

from __future__ import annotations

import json
import re
from world import CANARY, ROOT, World, contact, contacts_used, eventually, words


def test_the_logs_name_no_person_no_text_and_no_key(world: World) -> None:
    phone = contact()
    world.sim.text(phone, world.demo_number["signalwire"], words(), media=[{"kind": "png"}])
    world.user.received(phone)
    sent = world.user.settled(world.user.send(to=phone, message=words())["id"])
    groups = world.stack["logGroups"]
    assert len(groups) == len(list((ROOT / "functions").glob("*/Cargo.toml")))

    lines: dict[str, list[str]] = {}

    def written() -> bool:
        for group in groups:
            lines[group] = list(world.log(group))
        return any(sent["id"] in line for line in lines[next(g for g in groups if g.endswith("outbound-worker"))])

    eventually(written, 20)
    text = "\n".join(line for group in groups for line in lines[group])
    assert len(text) > 10_000, "hardly anything was logged"
    credentials = world.stack["credentials"]
    secrets = {name: credentials[name] for name in ("TwilioAuthToken", "SignalwireToken", "SignalwireSigningKey", "TelnyxApiKey", "RetellApiKey")}
    held = json.loads(world.aws("secretsmanager").get_secret_value(SecretId=world.stack["stirSecret"])["SecretString"])
    secrets["the key that signs calls"] = held["privateKey"].splitlines()[1]
    tokens = {name: token.split(".")[2] for name, token in world.stack["tokens"].items()}
    for name, secret in {**secrets, **tokens, "words": CANARY}.items():
        assert secret not in text, f"{name}: {around(text, secret)}"
    numbers = {number[1:] for number in contacts_used()} | {entry["number"][1:] for entry in world.stack["numbers"]}
    found = {digits for digits in re.findall(r"\d{11,15}", text) if digits in numbers or digits[-11:] in numbers}
    assert not found, [around(text, digits) for digits in list(found)[:3]]
    national = {number[1:] for number in numbers}
    found = {digits for digits in re.findall(r"(?<!\d)\d{10}(?!\d)", text) if digits in national}
    assert not found, [around(text, digits) for digits in list(found)[:3]]
    assert "X-Amz-Signature" not in text and "Bearer ey" not in text


def around(text: str, needle: str) -> str:
    at = text.index(needle)
    return text[max(0, at - 300) : at + 100]


def test_lines_are_json_with_a_level_and_no_panic(world: World) -> None:
    for group in world.stack["logGroups"]:
        for line in world.log(group):
            assert "panicked" not in line, line
            if line.startswith(("START", "END", "REPORT", "INIT")) or not line.strip():
                continue
            entry = json.loads(line)
            assert "_aws" in entry or {"level", "timestamp"} <= set(entry), line


def test_nothing_is_left_over(world: World) -> None:
    """No dead letters, and no record of the stream was given up."""
    queues = world.aws("sqs")
    for name in ("outboundDeadLetters", "mediaDeadLetters", "streamFailures"):
        attributes = queues.get_queue_attributes(QueueUrl=world.stack["queues"][name], AttributeNames=["ApproximateNumberOfMessages"])
        count = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
        shown = queues.receive_message(QueueUrl=world.stack["queues"][name], VisibilityTimeout=1).get("Messages", []) if count else []
        assert count == 0, (name, [message["Body"] for message in shown])
    assert world.sim.call("GET", "/violations")["violations"] == []
