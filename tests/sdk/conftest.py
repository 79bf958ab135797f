"""Starts the built simulator, and offers clients for it."""

import base64
import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SIMULATOR_BIN", ROOT / "target" / "debug" / "simulator"))

TWILIO_SID = "AC" + "a" * 32
TWILIO_TOKEN = "t" * 32
SIGNALWIRE_SID = "b3877c40-da60-4998-90ad-b792e98472af"
SIGNALWIRE_TOKEN = "PT" + "5" * 48
SIGNALWIRE_KEY = "PSK_independent_of_the_token"
TWILIO_NUMBER = "+14155550199"
SIGNALWIRE_NUMBER = "+12125550199"
TELNYX_SID = "47a530f8-4362-4526-829b-bcee17fd9f7a"
TELNYX_KEY = "KEY0123456789ABCDEF_simulated"
TELNYX_NUMBER = "+14155550170"
RETELL_SID = "retell-workspace"
RETELL_KEY = "key_simulated"
RETELL_BADGE = "key_with_the_webhook_badge"
RETELL_NUMBER = "+14157774444"
PHONE = "+13105550180"


def request(method, url, body=None, headers=None, auth=None):
    """One request, redirects not followed; returns (status, headers, bytes)."""
    headers = dict(headers or {})
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args, **kwargs):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    call = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with opener.open(call, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


class Simulator:
    """The control API."""

    def __init__(self, base):
        self.base = base

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        status, _, answer = request(
            method, f"{self.base}/_sim{path}", data, {"Content-Type": "application/json"}
        )
        assert status < 300, (status, answer)
        return json.loads(answer)

    def post(self, path, body=None):
        return self.control("POST", path, {} if body is None else body)

    def get(self, path):
        return self.control("GET", path)

    def advance(self, seconds):
        return self.post("/clock/advance", {"seconds": seconds})

    def signalwire(self, method, path, form=None, auth=(SIGNALWIRE_SID, SIGNALWIRE_TOKEN)):
        """The compatibility API; `path` below the account."""
        url = f"{self.base}/signalwire/api/laml/2010-04-01/Accounts/{SIGNALWIRE_SID}{path}"
        data = None if form is None else urllib.parse.urlencode(form, doseq=True).encode()
        headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, answer = request(method, url, data, headers, auth)
        return status, json.loads(answer) if answer else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def process():
    assert BINARY.exists(), f"build it first: cargo build -p simulator ({BINARY})"
    port, cdn_port = free_port(), free_port()
    child = subprocess.Popen(
        [BINARY, "--port", str(port), "--cdn-port", str(cdn_port), "--clock", "manual"],
        stdout=subprocess.DEVNULL,
    )
    simulator = Simulator(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + 20
    while True:
        try:
            assert simulator.get("/health")["ok"]
            break
        except (urllib.error.URLError, ConnectionError):
            assert child.poll() is None, "the simulator stopped"
            assert time.monotonic() < deadline, "the simulator does not answer"
            time.sleep(0.02)
    yield simulator
    child.terminate()
    child.wait(10)


@pytest.fixture
def sim(process):
    """An empty world with one account and one number at each provider, whose clock stands still."""
    process.post("/reset")
    process.post("/accounts", {"provider": "twilio", "sid": TWILIO_SID, "auth_token": TWILIO_TOKEN})
    process.post(
        "/accounts",
        {
            "provider": "signalwire",
            "sid": SIGNALWIRE_SID,
            "auth_token": SIGNALWIRE_TOKEN,
            "signing_key": SIGNALWIRE_KEY,
        },
    )
    process.post("/numbers", {"provider": "twilio", "account": TWILIO_SID, "phone_number": TWILIO_NUMBER})
    process.post(
        "/numbers",
        {"provider": "signalwire", "account": SIGNALWIRE_SID, "phone_number": SIGNALWIRE_NUMBER},
    )
    process.post("/accounts", {"provider": "telnyx", "sid": TELNYX_SID, "auth_token": TELNYX_KEY})
    process.post(
        "/numbers",
        {
            "provider": "telnyx",
            "account": TELNYX_SID,
            "phone_number": TELNYX_NUMBER,
            "sms_url": f"{process.base}/_hooks/telnyx",
        },
    )
    process.post(
        "/accounts",
        {
            "provider": "retell",
            "sid": RETELL_SID,
            "auth_token": RETELL_KEY,
            "signing_key": RETELL_BADGE,
            "webhook_url": f"{process.base}/_hooks/retell",
        },
    )
    return process


class ToSimulator(TwilioHttpClient):
    """The SDK's own client, with another origin."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def request(self, method, url, *args, **kwargs):
        assert url.startswith("https://api.twilio.com/"), url
        return super().request(method, url.replace("https://api.twilio.com", self.base, 1), *args, **kwargs)


@pytest.fixture
def twilio(sim):
    return twilio_client(sim, TWILIO_SID, TWILIO_TOKEN)


def twilio_client(sim, sid, token):
    return Client(sid, token, http_client=ToSimulator(f"{sim.base}/twilio"))


class Receiver:
    """A web server that keeps what is posted to it."""

    def __init__(self):
        self.received = []
        self.answers = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                receiver.received.append(
                    {
                        "url": f"http://{self.headers['Host']}{self.path}",
                        "headers": self.headers,
                        "body": self.rfile.read(length).decode(),
                    }
                )
                status, content_type, body = receiver.answers.pop(0) if receiver.answers else (
                    200,
                    "text/xml",
                    "<Response/>",
                )
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forms(self):
        return [
            urllib.parse.parse_qsl(entry["body"], keep_blank_values=True) for entry in self.received
        ]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
