"""`make up`: builds, starts the emulator and the provider simulator, deploys the template, seeds a demo tenant.

A second `make up` keeps what runs, deploys what was built since, and renews the tokens.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import artifacts
from seed import prepare_telnyx, seed, seed_users
from stack import Stack
from tools import ROOT, main, run, say


def up(name: str, *, build: bool = True, binaries: Path = ROOT / "target" / "debug") -> Stack:
    stack = Stack(name)
    if build:
        say("cargo build")
        run(["cargo", "build", "--locked",
             *(part for package in [*artifacts.functions(), "simulator", "tandem"] for part in ("--package", package))])  # fmt: skip
    artifacts.stage_local(binaries)
    stack.start_programs(binaries)
    prepare_telnyx(stack)
    outputs = stack.deploy()
    say("creating users")
    tokens = seed_users(stack, outputs["UserPoolId"], outputs["UserPoolClientId"])
    stack.save(
        name=name,
        api=outputs["ApiUrl"],
        tokens=tokens,
        simulator=stack.simulator,
        cdn=stack.cdn,
        endpoint=stack.endpoint,
        stackName=stack.stack_name,
        table=outputs["TableName"],
        bucket=outputs["BucketName"],
        secret=outputs["SecretArn"],
        stirSecret=outputs["StirSecretArn"],
        queues={
            "outbound": outputs["OutboundQueueUrl"],
            "outboundDeadLetters": outputs["OutboundDeadLetterQueueUrl"],
            "media": outputs["MediaQueueUrl"],
            "mediaDeadLetters": outputs["MediaDeadLetterQueueUrl"],
            "events": outputs["EventsQueueUrl"],
            "eventsDeadLetters": outputs["EventsDeadLetterQueueUrl"],
            "eventRetries": outputs["EventRetriesQueueUrl"],
            "eventRetriesDeadLetters": outputs["EventRetriesDeadLetterQueueUrl"],
            "streamFailures": outputs["StreamFailuresQueueUrl"],
        },
        userPool=outputs["UserPoolId"],
        userPoolClient=outputs["UserPoolClientId"],
        logGroups=[f"/aws/lambda/{stack.stack_name}-{function}" for function in artifacts.functions()],
    )
    seed(stack, binaries)
    say("ready")
    return stack


def explain(stack: Stack) -> None:
    shown = stack.file.relative_to(ROOT)
    print(f"""
  API        {stack.state["api"]}
  simulator  {stack.simulator}
  AWS        {stack.endpoint}  (key `test`, secret `test`)
  details    {shown}  (tokens of `admin`, `user` and `otherTenant`)

  try
    TOKEN=$(python3 -c 'import json; print(json.load(open("{shown}"))["tokens"]["user"])')
    curl -s -H "Authorization: Bearer $TOKEN" {stack.state["api"]}/api/messages
    make demo      a scenario from end to end
    make events    plays events/ against the functions
    make down      stops everything that was started here
""")


def run_up() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="demo", help="another name is another stack beside this one")
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    parser.add_argument("--binaries", type=Path, default=ROOT / "target" / "debug", help="where the programs are")
    arguments = parser.parse_args()
    explain(up(arguments.name, build=not arguments.no_build, binaries=arguments.binaries))


if __name__ == "__main__":
    main(run_up)
