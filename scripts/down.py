"""`make down`: stops what `make up` started, and nothing else. The stack's data go with it; its logs stay in .local/."""

from __future__ import annotations

import argparse
import shutil

from stack import Stack
from tools import main, say


def down(name: str, *, quiet: bool = False) -> None:
    stack = Stack(name)
    stopped = stack.stop_programs()
    for folder in ("state", "tmp"):
        shutil.rmtree(stack.folder / folder, ignore_errors=True)
    if not quiet:
        say("stopped " + " and ".join(stopped) if stopped else "nothing was running")


def run_down() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="demo")
    down(parser.parse_args().name)


if __name__ == "__main__":
    main(run_down)
