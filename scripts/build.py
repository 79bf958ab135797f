"""`make build ARCH=arm64|x86_64`: the release build for AWS, with cargo-lambda. See up.py for the local build."""

from __future__ import annotations

import argparse
import os

import artifacts
from tools import ROOT, VENV_BIN, main, run, say


def build() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architecture", choices=artifacts.ARCHITECTURES)
    parser.add_argument("--only", nargs="*", help="build some functions only, and check nothing")
    arguments = parser.parse_args()
    packages = arguments.only or artifacts.functions()
    say(f"building {len(packages)} functions for {arguments.architecture} (the first time takes long)")
    flag = {"arm64": "--arm64", "x86_64": "--x86-64"}[arguments.architecture]
    # cargo-lambda finds zig, its linker, beside itself in the virtual environment.
    environment = {**os.environ, "PATH": f"{VENV_BIN}:{os.environ['PATH']}"}
    run(
        [VENV_BIN / "cargo-lambda", "lambda", "build", "--release", "--locked", flag,
         "--lambda-dir", artifacts.folder(arguments.architecture).relative_to(ROOT),
         *(part for package in packages for part in ("--package", package))],
        env=environment,
    )  # fmt: skip
    if not arguments.only:
        artifacts.demand(arguments.architecture)
    say(f"built: target/lambda-{arguments.architecture}")


if __name__ == "__main__":
    main(build)
