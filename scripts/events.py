"""`make events`: plays every file in events/ against its function on the local stack, as `sam local invoke -e` would.

The function is named by the file: events/<function>.json, events/<function>-<case>.json or events/<function>/<case>.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import artifacts
from stack import Stack
from tools import ROOT, Problem, main

EVENTS = ROOT / "events"


def function_of(path: Path) -> str:
    name = path.relative_to(EVENTS).with_suffix("").as_posix().replace("/", "-") + "-"
    matching = [function for function in artifacts.functions() if name.startswith(function + "-")]
    if not matching:
        raise Problem(f"{path.relative_to(ROOT)} names no function")
    return max(matching, key=len)


def play() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="demo")
    stack = Stack(parser.parse_args().name)
    if not stack.state.get("processes", {}).get("emulator"):
        raise Problem("no local stack is running; run: make up")
    client, failures = stack.client("lambda"), 0
    for path in sorted(EVENTS.rglob("*.json")):
        answer = client.invoke(FunctionName=f"{stack.stack_name}-{function_of(path)}", Payload=path.read_bytes())
        body = answer["Payload"].read().decode()
        failed = "FunctionError" in answer
        failures += failed
        parsed = json.loads(body) if body else None
        status = parsed.get("statusCode", "") if isinstance(parsed, dict) else ""
        print(f"  {'FAILED' if failed else 'ok':<7} {path.relative_to(ROOT).as_posix():<52} {status} {body[:120] if failed else ''}")
    return 1 if failures else 0


if __name__ == "__main__":
    main(play)
