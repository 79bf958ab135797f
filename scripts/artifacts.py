"""The functions' binaries: which there are, where they lie, for which machine they were built."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

from tools import ROOT, Problem

TEMPLATE = ROOT / "template.yaml"
ARCHITECTURES = {"arm64": 0xB7, "x86_64": 0x3E}
_CODE_URI = re.compile(r"^(\s+CodeUri: )target/lambda-arm64/([a-z0-9-]+)/$", re.MULTILINE)


def functions() -> list[str]:
    """The names in the template: each is a crate, its binary and its folder under functions/."""
    return [name for _, name in _CODE_URI.findall(TEMPLATE.read_text())]


def folder(architecture: str) -> Path:
    """`local` holds development builds for this machine, so that they never reach AWS by mistake."""
    return ROOT / "target" / f"lambda-{architecture}"


def render_template(architecture: str, destination: Path) -> Path:
    """A copy of the template that differs in the binaries' folder only; `CodeUri` cannot hold a parameter."""
    text = _CODE_URI.sub(lambda match: f"{match[1]}{folder(architecture)}/{match[2]}/", TEMPLATE.read_text())
    destination.write_text(text)
    return destination


def machine(binary: Path) -> int:
    """The ELF header's machine; 0 when it is no ELF file."""
    with binary.open("rb") as file:
        header = file.read(20)
    if len(header) < 20 or header[:4] != b"\x7fELF":
        return 0
    return struct.unpack("<H", header[18:20])[0]


def check(architecture: str) -> list[str]:
    """Complaints about the binaries that are to be deployed for an architecture; none when all is well."""
    names = {number: name for name, number in ARCHITECTURES.items()}
    complaints = []
    for function in functions():
        binary = folder(architecture) / function / "bootstrap"
        shown = binary.relative_to(ROOT)
        if not binary.is_file():
            complaints.append(f"{shown} is missing")
        elif (found := machine(binary)) != ARCHITECTURES[architecture]:
            complaints.append(f"{shown} was built for {names.get(found, 'another machine')}, not for {architecture}")
    return complaints


def demand(architecture: str) -> None:
    if complaints := check(architecture):
        raise Problem("\n  ".join(complaints) + f"\nrun: make build ARCH={architecture}")


def stage_local(built: Path) -> None:
    """Copies the development builds, stripped, where they are newer than what is staged."""
    for function in functions():
        source, target = built / function, folder("local") / function / "bootstrap"
        if not source.is_file():
            raise Problem(f"{source} is missing: the build made no program of that name")
        if target.exists() and target.stat().st_mtime_ns == source.stat().st_mtime_ns:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(source, target)
        times = source.stat()
        if shutil.which("strip"):
            subprocess.run(["strip", target], check=True)
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
