"""`check_artifacts.py arm64|x86_64`: are all binaries there, and built for that machine?"""

from __future__ import annotations

import argparse

import artifacts
from tools import main


def run() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architecture", choices=artifacts.ARCHITECTURES)
    architecture = parser.parse_args().architecture
    artifacts.demand(architecture)
    print(f"{len(artifacts.functions())} binaries for {architecture} are ready to deploy")


if __name__ == "__main__":
    main(run)
