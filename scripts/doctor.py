"""`make doctor`: asks a local stack where its numbers' events go at the providers, and mends it with `ARGS=--repair`.

Arguments go to `tandem doctor` (`--repair`, `--provider telnyx`, `--tenant demo`). For a deployed stack run that
yourself, with TANDEM_API and TANDEM_TOKEN.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

from stack import Stack
from tools import ROOT, Problem, main


def doctor() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="demo", help="the stack")
    parser.add_argument("--binaries", type=Path, default=ROOT / "target" / "debug", help="where the programs are")
    arguments, passed_on = parser.parse_known_args()
    state = Stack(arguments.name).state
    if "api" not in state:
        raise Problem("no local stack; run: make up")
    environment = {**os.environ, "TANDEM_API": state["api"], "TANDEM_TOKEN": state["tokens"]["admin"]}
    return subprocess.run([arguments.binaries / "tandem", "doctor", *passed_on], env=environment).returncode


if __name__ == "__main__":
    main(doctor)
