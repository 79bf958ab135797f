"""`make bench`: release builds of the benched functions for this machine, their sizes, then the harness's figures."""

from __future__ import annotations

import argparse
import os
import platform
import zipfile
from pathlib import Path

import artifacts
from tools import ROOT, main, run, say

# The two webhooks, the largest worker, and the floor that they are compared with.
BENCHED = ["empty-function", "sms-webhook", "status-callback", "outbound-worker"]
HARNESS = "bench-harness"


def build() -> None:
    """The functions in one command, so that cargo resolves features once, as `make build` does. The harness is a
    development build, which `make test` has made already: nothing that is measured runs in it."""
    run(["cargo", "build", "--release", "--locked", *(part for name in BENCHED for part in ("--package", name))])
    run(["cargo", "build", "--locked", "--package", HARNESS])


def archive(binaries: Path) -> Path:
    """What would be uploaded: one file called `bootstrap`, compressed as `sam deploy` does it."""
    folder = artifacts.folder("bench")
    folder.mkdir(parents=True, exist_ok=True)
    for function in BENCHED:
        binary, target = binaries / function, folder / f"{function}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
            file.write(binary, "bootstrap")
        print(f"  {function:<16} binary {binary.stat().st_size / 1e6:6.2f} MB   zip {target.stat().st_size / 1e6:6.2f} MB", flush=True)
    return folder


def bench() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-built", action="store_true", help="measures the binaries of the last time")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    binaries = target / "release"
    if not parser.parse_args().as_built:
        say(f"release builds of {', '.join(BENCHED)} (minutes: each is optimised as one piece)")
        build()
    archives = archive(binaries)
    say(f"measuring on {os.cpu_count()} cores {platform.machine()}; close what else runs (a minute)")
    run([target / "debug" / HARNESS, binaries, archives], env={"PATH": "/usr/bin:/bin"})


if __name__ == "__main__":
    main(bench)
