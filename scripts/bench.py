"""`make bench`: release builds of the benched functions for this machine, their sizes, then the harness's figures."""

from __future__ import annotations

import os
import zipfile

import artifacts
from tools import ROOT, Problem, main, run, say

BENCHED = ["sms-webhook", "status-callback", "outbound-worker"]
WEBHOOK_LIMITS = (9_000_000, 4_000_000)  # binary, zip: bytes
HARNESS = ROOT / "shared" / "testkit" / "src" / "bin" / "bench.rs"


def sizes() -> int:
    over = 0
    for function in BENCHED:
        binary = ROOT / "target" / "release" / function
        archive = artifacts.folder("bench") / f"{function}.zip"
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.write(binary, "bootstrap")
        found = (binary.stat().st_size, archive.stat().st_size)
        too_large = function != "outbound-worker" and any(size > limit for size, limit in zip(found, WEBHOOK_LIMITS, strict=True))
        over += too_large
        print(f"  {function:<18} binary {found[0] / 1e6:6.2f} MB   zip {found[1] / 1e6:6.2f} MB   {'TOO LARGE' if too_large else 'ok'}")
    return over


def bench() -> int:
    say(f"release builds of {', '.join(BENCHED)}")
    run(["cargo", "build", "--release", "--locked", *(part for name in BENCHED for part in ("--package", name))])
    over = sizes()
    if not HARNESS.is_file():
        raise Problem(f"{HARNESS.relative_to(ROOT)} is missing: nothing measures the speed")
    run(["cargo", "run", "--release", "--locked", "--package", "telephony-testkit", "--bin", "bench"], env=dict(os.environ))
    return 1 if over else 0


if __name__ == "__main__":
    main(bench)
