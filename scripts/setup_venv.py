"""`make setup`: the virtual environment with the pinned tools. Runs with the system's Python, does nothing when current."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

from tools import ROOT, Problem, main, run, say

VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements.txt"
STAMP = VENV / "requirements.sha256"


def install_system_packages() -> None:
    """Rust links with `cc` and one crate compiles C; Debian and Ubuntu keep ensurepip in a package of its own."""
    missing = []
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode != 0:
        missing.append("python3-venv")
    if shutil.which("cc") is None:
        missing.append("build-essential")
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Problem(f"missing; on Debian or Ubuntu: sudo apt-get install {' '.join(missing)}")
    say(f"installing {' '.join(missing)}")
    run(["apt-get", "update", "-qq"])
    run(["apt-get", "install", "-y", "-qq", *missing])


def install(command: list[object]) -> None:
    """pip says a few hundred lines; one in twenty packages is progress enough."""
    lines, packages = [], 0
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or []:
            lines.append(line)
            packages += line.startswith("Collecting")
            if line.startswith("Collecting") and packages % 20 == 0:
                say(f"{packages} packages downloaded")
            elif line.startswith("Installing"):
                say(f"installing {packages} packages")
    if pip.returncode != 0:
        raise Problem("pip failed:\n" + "".join(lines[-20:]))


def setup() -> None:
    if shutil.which("cargo") is None:
        raise Problem("Rust is missing: see https://rustup.rs")
    if sys.version_info < (3, 11):
        raise Problem(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    install_system_packages()
    say("making .venv (about a minute)")
    run([sys.executable, "-m", "venv", "--clear", VENV])
    pip = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"]
    install([*pip, "--require-hashes", "--no-deps", "-r", REQUIREMENTS])
    STAMP.write_text(wanted)
    say("the tools are installed")


if __name__ == "__main__":
    main(setup)
