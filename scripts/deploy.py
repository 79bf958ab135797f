"""`make deploy ARCH=arm64|x86_64 ARGS=…`: checks the binaries, then `sam deploy` into the AWS account at hand."""

from __future__ import annotations

import argparse

import artifacts
from tools import LOCAL, ROOT, VENV_BIN, main, run


def deploy() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architecture", choices=artifacts.ARCHITECTURES)
    parser.add_argument("sam", nargs=argparse.REMAINDER, help="passed on to `sam deploy`")
    arguments = parser.parse_args()
    artifacts.demand(arguments.architecture)
    LOCAL.mkdir(exist_ok=True)
    template = artifacts.render_template(arguments.architecture, LOCAL / f"template-{arguments.architecture}.yaml")
    sam = list(arguments.sam)
    if arguments.architecture != "arm64":  # the template's default
        if "--parameter-overrides" not in sam:
            sam.append("--parameter-overrides")
        sam.insert(sam.index("--parameter-overrides") + 1, f"Architecture={arguments.architecture}")
    run([VENV_BIN / "sam", "deploy", "--template-file", template, "--config-file", ROOT / "samconfig.toml", *sam])



if __name__ == "__main__":
    main(deploy)
