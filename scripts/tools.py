"""What every script needs: where things are, progress lines, bounded waiting, processes by pid and start time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
VENV_BIN = ROOT / ".venv" / "bin"

_STARTED = time.monotonic()


class Problem(Exception):
    """Something that the person at the keyboard can repair; shown without a stack trace."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {text}", flush=True)


def main(run: Callable[[], int | None]) -> None:
    try:
        sys.exit(run() or 0)
    except Problem as problem:
        print(f"\nerror: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def run(command: list[Any], *, log: Path | None = None, **options: Any) -> None:
    """Runs a command; with `log`, its output goes there and its end is shown only when it fails."""
    command = [str(part) for part in command]
    if log is None:
        code = subprocess.run(command, cwd=ROOT, **options).returncode
    else:
        with log.open("wb") as out:
            code = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, **options).returncode
    if code != 0:
        if log is not None:
            print("\n".join(log.read_text(errors="replace").splitlines()[-40:]), file=sys.stderr)
        raise Problem(f"`{' '.join(command[:4])} …` ended with {code}" + (f"; see {log}" if log else ""))


def wait_until(what: str, ready: Callable[[], bool], *, seconds: float, alive: Callable[[], bool] = lambda: True) -> None:
    """Asks every tenth of a second, and no longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not alive():
            raise Problem(f"{what}: the program ended")
        if time.monotonic() > deadline:
            raise Problem(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


def free_ports(count: int, wanted: list[int]) -> list[int]:
    """Loopback ports: those of last time where they are still free, else whatever the system gives."""
    held, ports = [], []
    for position in range(count):
        tries = wanted[position : position + 1] + [0]
        for port in tries:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                sock.close()
                continue
            held.append(sock)
            ports.append(sock.getsockname()[1])
            break
    for sock in held:
        sock.close()
    return ports


def start_time(pid: int) -> str | None:
    """Distinguishes a process from a later one with the same number; None when there is none."""
    try:
        # Everything after the last ')': the program's name may hold spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return shown or None


def start(command: list[Any], *, log: Path, env: dict[str, str], cwd: Path) -> dict[str, Any]:
    """Starts a program in a session of its own, so that `stop` ends what it started, too."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    return {"pid": process.pid, "started": start_time(process.pid)}


def is_running(process: dict[str, Any] | None) -> bool:
    if not process:
        return False
    try:  # Our own child must be reaped before its end shows.
        os.waitpid(process["pid"], os.WNOHANG)
    except ChildProcessError:
        pass
    return process["started"] is not None and start_time(process["pid"]) == process["started"]


def stop(process: dict[str, Any] | None) -> bool:
    """Ends exactly the process that was started (never one that took over its number), with its children."""
    if not process or not is_running(process):
        return False
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        try:
            os.killpg(process["pid"], number)
        except ProcessLookupError:
            return True
        try:
            wait_until("stopping", lambda: not is_running(process), seconds=seconds)
        except Problem:
            continue
        # Whatever it left behind in its session.
        try:
            os.killpg(process["pid"], signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        return True
    return False


def read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def write_private(path: Path, text: str) -> None:
    """For files with tokens in them: readable by their owner only, and never half written."""
    temporary = path.with_suffix(".tmp")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    temporary.replace(path)
