"""Messages that callers leave, at Twilio and SignalWire: listed once, heard through links, filed; and nobody else's."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest
import requests
from test_customer_events import Receiver
from world import Simulator, Tenant, World, contact, eventually, explain, problem

USER = "user-of-messages"
SPEECH = "Please call me back about the boat."


@pytest.fixture
def line(tenant: Tenant, form_provider: str) -> str:
    """A number whose user has a mailbox and nothing else."""
    number = tenant.number(form_provider, user=USER)
    answer = tenant.admin.put(f"/api/preferences?userId={USER}", {"voicemailEnabled": True})
    assert answer.status_code == 200, explain(answer)
    return number


def leaves(sim: Simulator, to: str, phone: str | None = None, **more: Any) -> str:
    how = {"speech": SPEECH, "speech_seconds": 5, "hang_up_when": "recording_ends", **more}
    return sim.call("POST", f"/phones/{phone or contact()}/call", {"to": to, "call": how})["call_sid"]


def mailbox(tenant: Tenant) -> list[dict[str, Any]]:
    answer = tenant.api.get("/api/voicemails")
    assert answer.status_code == 200, explain(answer)
    return answer.json()["items"]


def left(tenant: Tenant, timeout: float = 40) -> dict[str, Any]:
    """The one message, once its sound is ours."""

    def look() -> dict[str, Any]:
        messages = mailbox(tenant)
        assert len(messages) == 1 and messages[0]["recordingUrl"], messages
        return messages[0]

    return eventually(look, timeout)


def key_of(url: str, world: World) -> str:
    return urllib.parse.urlsplit(url).path.partition(f"{world.stack['bucket']}/")[2] or urllib.parse.urlsplit(url).path[1:]


def playable(answer: requests.Response) -> bool:
    """Frames of MP3, one behind the other to the end, or a WAV that is as long as it says."""
    body = answer.content
    if answer.headers["content-type"] == "audio/wav":
        return body[:4] == b"RIFF" and body[8:12] == b"WAVE" and len(body) == 8 + int.from_bytes(body[4:8], "little")
    # What the simulator makes: 144 bytes each (32 kbit/s at 32 kHz).
    frames = [body[at : at + 144] for at in range(0, len(body), 144)]
    return answer.headers["content-type"] == "audio/mpeg" and all(f[:2] == b"\xff\xfb" and len(f) == 144 for f in frames) and bool(frames)


def test_a_message_is_listed_heard_and_filed(world: World, tenant: Tenant, sim: Simulator, line: str, form_provider: str) -> None:
    phone = contact()
    sid = leaves(sim, line, phone)
    message = left(tenant)
    assert (message["from"], message["to"], message["userId"], message["status"]) == (phone, line, USER, "new")
    assert message["duration"] >= 1 and message["listenedAt"] is None
    place = f"voicemails/{tenant.name}/{USER}/{message['recordingSid']}.mp3"
    assert key_of(message["recordingUrl"], world) == place
    heard = requests.get(message["recordingUrl"], timeout=30)
    assert heard.status_code == 200 and playable(heard), explain(heard)
    redirect = tenant.api.get(f"/api/recordings/{message['id']}/content")
    assert redirect.status_code == 302, explain(redirect)
    assert requests.get(redirect.headers["location"], timeout=30).content == heard.content
    bare = urllib.parse.urlunsplit(urllib.parse.urlsplit(message["recordingUrl"])._replace(query=""))
    assert requests.get(bare, timeout=30).status_code == 403

    def told() -> bool:
        one = tenant.api.get(f"/api/voicemails/{message['id']}").json()["voicemail"]
        # SignalWire is not asked for it: its report does not say whose it is.
        expected = (SPEECH, "completed") if form_provider == "twilio" else (None, None)
        assert (one["transcription"], one["transcriptionStatus"]) == expected, one
        return True

    eventually(told, 20)

    def call() -> dict[str, Any]:
        answer = tenant.api.get(f"/api/calls/{message['callId']}")
        assert answer.status_code == 200, explain(answer)
        return answer.json()["call"]

    one = call()
    assert (one["outcome"], one["hasVoicemail"], one["voicemailDuration"]) == ("voicemail", True, message["duration"])
    assert (one["recordingSid"], one["recordingUrl"]) == (None, None), "a message is no recording of the call"
    [recording] = one["recordings"]
    assert (recording["id"], recording["sid"], recording["legId"], recording["status"]) == (message["id"], message["recordingSid"], sid, "completed")
    assert recording["source"] == "voicemail" and recording["url"]

    for status, has_time in (("listened", True), ("archived", True), ("new", False)):
        answer = tenant.api.request("PATCH", f"/api/voicemails/{message['id']}", json={"status": status})
        assert answer.status_code == 200, explain(answer)
        filed = answer.json()["voicemail"]
        assert filed["status"] == status and bool(filed["listenedAt"]) is has_time, filed
        assert tenant.api.get(f"/api/voicemails/{message['id']}").json()["voicemail"]["status"] == status
    for body in ({"status": "read"}, {}, {"status": "new", "more": 1}):
        refused = tenant.api.request("PATCH", f"/api/voicemails/{message['id']}", json=body)
        assert refused.status_code == 400, explain(refused)


def test_the_customers_system_is_told_once(world: World, tenant: Tenant, sim: Simulator, line: str) -> None:
    told = Receiver(world, tenant, ["call.voicemail", "call.recording"])
    leaves(sim, line)
    message = left(tenant)
    [event] = told.events(1)
    assert event["type"] == "call.voicemail"
    data = event["data"]
    assert (data["recordingId"], data["callId"], data["recordingSid"]) == (message["id"], message["callId"], message["recordingSid"])
    assert tenant.api.get(data["content"]).status_code == 302


def test_nobody_else_sees_or_hears_or_files_it(world: World, tenant: Tenant, sim: Simulator, line: str) -> None:
    leaves(sim, line)
    message = left(tenant)
    stranger = world.tenant()
    assert mailbox(stranger) == []
    for path in (f"/api/voicemails/{message['id']}", f"/api/recordings/{message['id']}/content", f"/api/calls/{message['callId']}"):
        problem(stranger.api.get(path), 404, "NOT_FOUND")
    problem(stranger.api.request("PATCH", f"/api/voicemails/{message['id']}", json={"status": "archived"}), 404, "NOT_FOUND")
    assert tenant.api.get(f"/api/voicemails/{message['id']}").json()["voicemail"]["status"] == "new"
    for odd in ("nobody", message["id"][:-1], message["callId"], message["id"] + "%23x"):
        problem(tenant.api.get(f"/api/voicemails/{odd}"), 404, "NOT_FOUND")
        problem(tenant.api.get(f"/api/recordings/{odd}/content"), 404, "NOT_FOUND")


def test_duplicated_and_reordered_reports_make_one_message(tenant: Tenant, sim: Simulator, line: str) -> None:
    faults = [
        sim.fault("callbacks.recording", "duplicate", times=4, n=2),
        sim.fault("callbacks.recording", "reorder", times=1),
    ]
    try:
        sid = leaves(sim, line)
        message = left(tenant)
    finally:
        for fault in faults:
            sim.unfault(fault)
    again = [entry for entry in sim.call("GET", "/callbacks", kind="recording")["callbacks"] if sid in str(entry)]
    assert again, "no report was posted"
    for entry in again:
        sim.call("POST", f"/callbacks/{entry['id']}/redeliver", {})
    assert [entry["id"] for entry in mailbox(tenant)] == [message["id"]]
    assert mailbox(tenant)[0]["duration"] == message["duration"]


@pytest.mark.parametrize("kind", ["not_ready", "garbage_200", "status_5xx"])
def test_sound_that_is_not_there_yet_is_waited_for_and_nothing_else_is_kept(
    world: World, tenant: Tenant, sim: Simulator, line: str, kind: str
) -> None:
    fault = sim.fault("recordings.fetch", kind, times=2)
    try:
        leaves(sim, line)
        eventually(lambda: mailbox(tenant), 40)
        message = left(tenant, 60)
    finally:
        sim.unfault(fault)
    assert playable(requests.get(message["recordingUrl"], timeout=30))
    objects = world.aws("s3").list_objects_v2(Bucket=world.stack["bucket"], Prefix=f"voicemails/{tenant.name}/")["Contents"]
    assert [entry["Key"] for entry in objects] == [key_of(message["recordingUrl"], world)]


def test_a_caller_who_says_nothing_leaves_nothing(tenant: Tenant, sim: Simulator, line: str) -> None:
    sid = leaves(sim, line, hang_up_when="recording_begins")

    def over() -> dict[str, Any]:
        answer = tenant.api.get(f"/api/calls/{sid}")
        assert answer.status_code == 200, explain(answer)
        call = answer.json()["call"]
        assert [entry["status"] for entry in call["recordings"]] == ["absent"], call
        return call

    call = eventually(over, 40)
    assert (call["hasVoicemail"], call["voicemailDuration"]) == (False, None)
    assert mailbox(tenant) == []
    problem(tenant.api.get(f"/api/recordings/{call['recordings'][0]['id']}/content"), 404, "NOT_FOUND")
