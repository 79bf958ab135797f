"""The scripts' sharp edges: they end processes, and they decide what is deployed."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import artifacts  # noqa: E402
import tools  # noqa: E402


def sleeper(tmp_path: Path) -> dict:
    return tools.start(["sleep", "60"], log=tmp_path / "log", env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path)


def test_stop_ends_what_was_started(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    assert tools.is_running(process)
    assert tools.stop(process)
    assert not tools.is_running(process)
    assert not tools.stop(process)


def test_stop_spares_a_process_that_took_over_the_number(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    remembered = {**process, "started": "1"}
    assert not tools.is_running(remembered)
    assert not tools.stop(remembered)
    assert tools.is_running(process)
    assert tools.stop(process)


def test_what_never_started_is_not_running() -> None:
    assert not tools.is_running(None)
    assert not tools.is_running({"pid": 2**22 + 1, "started": None})


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + struct.pack("<H", machine) + bytes(40)


def test_binaries_of_the_wrong_machine_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "ROOT", tmp_path)
    monkeypatch.setattr(artifacts, "functions", lambda: ["right", "wrong", "text", "absent"])
    for function, content in {"right": elf(0xB7), "wrong": elf(0x3E), "text": b"#!/bin/sh\n"}.items():
        binary = artifacts.folder("arm64") / function / "bootstrap"
        binary.parent.mkdir(parents=True)
        binary.write_bytes(content)
    assert artifacts.check("arm64") == [
        "target/lambda-arm64/wrong/bootstrap was built for x86_64, not for arm64",
        "target/lambda-arm64/text/bootstrap was built for another machine, not for arm64",
        "target/lambda-arm64/absent/bootstrap is missing",
    ]
    with pytest.raises(tools.Problem, match="make build ARCH=arm64"):
        artifacts.demand("arm64")


def test_a_rendered_template_differs_in_the_binaries_folder_only(tmp_path: Path) -> None:
    original = (ROOT / "template.yaml").read_text().splitlines()
    rendered = artifacts.render_template("local", tmp_path / "template.yaml").read_text().splitlines()
    changed = [(before, after) for before, after in zip(original, rendered, strict=True) if before != after]
    assert len(changed) == len(artifacts.functions()) > 10
    for before, after in changed:
        assert after == before.replace("target/lambda-arm64", str(ROOT / "target" / "lambda-local"))


def test_ports_are_kept_while_they_are_free() -> None:
    first = tools.free_ports(3, [])
    assert len(set(first)) == 3
    assert tools.free_ports(3, first) == first

