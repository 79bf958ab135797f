"""One local stack: its folder, its emulator, its provider simulator, its deployment. `up.py` puts them together."""

from __future__ import annotations

import base64
import json
import os
import secrets
import uuid
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import artifacts
from tools import LOCAL, ROOT, VENV_BIN, Problem, free_ports, is_running, read_json, run, say, start, stop, wait_until, write_private

REGION = "us-east-1"
ARTIFACTS_BUCKET = "tandem-local-artifacts"


class Stack:
    """`demo` lives in .local/, any other in .local/<name>/; `stack.json` there is what tests and people read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stack_name = "tandem-local" if name == "demo" else f"tandem-{name}"
        self.folder = LOCAL if name == "demo" else LOCAL / name
        self.file = self.folder / "stack.json"
        self.state: dict[str, Any] = read_json(self.file)

    def save(self, **members: Any) -> None:
        self.state.update(members)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_private(self.file, json.dumps(self.state, indent=2) + "\n")

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.state['ports'][0]}"

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.state['ports'][1]}"

    @property
    def cdn(self) -> str:
        return f"http://127.0.0.1:{self.state['ports'][2]}"

    def client(self, service: str) -> Any:
        """An AWS client with the emulator's root credentials."""
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60),
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """For programs that act as the operator: nothing of the caller's AWS configuration gets through."""
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TERM", "TMPDIR") if key in os.environ}
        return {
            **inherited,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "SIMULATOR_ORIGINS": f"{self.simulator},{self.cdn}",
        }

    # ---- its programs ----------------------------------------------------------------------------

    def start_programs(self, binaries: Path) -> None:
        """Keeps what runs and is healthy; when the emulator is gone, everything starts anew."""
        processes = self.state.get("processes", {})
        if not (is_running(processes.get("emulator")) and self.healthy(self.endpoint + "/_ministack/health")):
            self.stop_programs()
            seed = base64.b64encode(secrets.token_bytes(32)).decode()
            credentials = demo_credentials(seed)
            self.save(ports=free_ports(3, self.state.get("ports", [])), credentials=credentials, telnyxSeed=seed, processes={})
            self.start_emulator()
        processes = self.state["processes"]
        if not (is_running(processes.get("simulator")) and self.healthy(self.simulator + "/_sim/health")):
            stop(processes.get("simulator"))
            self.start_simulator(binaries)

    def start_emulator(self) -> None:
        say(f"starting the emulator on {self.endpoint}")
        for folder in ("state", "tmp"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        # A clean environment: the functions inherit it. AWS_ENDPOINT_URL keeps them off the real AWS.
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "STATE_DIR": str(self.folder / "state"),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.state["ports"][0]),
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "SIMULATOR_ORIGINS": f"{self.simulator},{self.cdn}",
        }
        self.launch("emulator", [VENV_BIN / "ministack"], environment, self.endpoint + "/_ministack/health")

    def start_simulator(self, binaries: Path) -> None:
        say(f"starting the provider simulator on {self.simulator}")
        ports = ["--port", self.state["ports"][1], "--cdn-port", self.state["ports"][2]]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        self.launch("simulator", [binaries / "simulator", *ports], environment, self.simulator + "/_sim/health")

    def launch(self, name: str, command: list[Any], environment: dict[str, str], health: str) -> None:
        log = self.folder / f"{name}.log"
        log.unlink(missing_ok=True)
        process = start(command, log=log, env=environment, cwd=self.folder)
        self.save(processes={**self.state["processes"], name: process})
        try:
            wait_until(f"the {name}", lambda: self.healthy(health), seconds=30, alive=lambda: is_running(process))
        except Problem as problem:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise Problem(f"{problem}\n{tail}") from None

    def stop_programs(self) -> list[str]:
        stopped = [name for name, process in self.state.get("processes", {}).items() if stop(process)]
        if self.file.exists():
            self.save(processes={})
        return stopped

    @staticmethod
    def healthy(url: str) -> bool:
        try:
            return requests.get(url, timeout=3).status_code == 200
        except requests.RequestException:
            return False

    # ---- its deployment --------------------------------------------------------------------------

    def deploy(self) -> dict[str, str]:
        self.client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)
        self.forget_failed_deployment()
        template = artifacts.render_template("local", self.folder / "template.yaml")
        parameters = {
            "Architecture": "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64",
            "LocalPort": self.state["ports"][0],
            "IdTokenHours": 24,
            "StreamMaxRecordAge": 60,
            "TwilioApiBase": self.simulator + "/twilio",
            "SignalwireApiBase": self.simulator + "/signalwire",
            "TelnyxApiBase": self.simulator + "/telnyx",
            "RetellApiBase": self.simulator + "/retell",
            **self.state["credentials"],
        }
        say("sam deploy (about 15 seconds)")
        run(
            [VENV_BIN / "sam", "deploy", "--template-file", template, "--config-file", ROOT / "samconfig.toml",
             "--config-env", "local", "--stack-name", self.stack_name,
             "--parameter-overrides", *(f"{key}={value}" for key, value in parameters.items())],
            env=self.environment(), log=self.folder / "deploy.log",
        )  # fmt: skip
        described = self.client("cloudformation").describe_stacks(StackName=self.stack_name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def forget_failed_deployment(self) -> None:
        """A stack whose first deployment failed can only be deleted."""
        formation = self.client("cloudformation")
        for summary in formation.list_stacks()["StackSummaries"]:
            if summary["StackName"] == self.stack_name and summary["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED"):
                formation.delete_stack(StackName=self.stack_name)
                formation.get_waiter("stack_delete_complete").wait(StackName=self.stack_name, WaiterConfig={"Delay": 1})


def telnyx_public_key(seed: str) -> str:
    """What Telnyx's portal shows as the public key, for the private half in base64."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)).public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def demo_credentials(telnyx_seed: str) -> dict[str, str]:
    """Made up for each stack: parameters of the template, and what the simulator is told to accept."""
    return {
        "TwilioAccountSid": "AC" + secrets.token_hex(16),
        "TwilioAuthToken": secrets.token_hex(16),
        "SignalwireProjectId": str(uuid.uuid4()),
        "SignalwireToken": "PT" + secrets.token_hex(24),
        "SignalwireSpaceUrl": "demo.signalwire.com",
        "SignalwireSigningKey": "PSK_" + secrets.token_hex(16),
        "TelnyxApiKey": "KEY" + secrets.token_hex(16),
        "TelnyxPublicKey": telnyx_public_key(telnyx_seed),
        "TelnyxAccountId": str(uuid.uuid4()),
        "RetellApiKey": "key_" + secrets.token_hex(16),
    }
