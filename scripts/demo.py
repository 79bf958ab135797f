"""`make demo`: a scenario that a person can follow, on the local stack."""

from __future__ import annotations

import requests

from seed import control
from stack import Stack
from tools import Problem, main, wait_until
from up import explain, up

CUSTOMER = "+12025550142"


def step(title: str) -> None:
    print(f"\n--- {title}", flush=True)


def call(stack: Stack, method: str, path: str, *, user: str = "user", **options: object) -> dict:
    answer = requests.request(
        method, stack.state["api"] + path, headers={"Authorization": f"Bearer {stack.state['tokens'][user]}"}, timeout=30, **options
    )
    print(f"    {method} {path} -> {answer.status_code}")
    if not answer.ok:
        raise Problem(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()


def play(stack: Stack) -> None:
    number = stack.state["numbers"][0]["number"]

    step(f"{CUSTOMER} texts {number}; Twilio's webhook arrives, signed")
    control(stack, f"phones/{CUSTOMER}/text", {"to": number, "body": "Hello, are you open today?"})

    step("the message appears in a conversation")
    conversations: list[dict] = []

    def arrived() -> bool:
        conversations[:] = call(stack, "GET", "/api/conversations")["items"]
        return bool(conversations)

    wait_until("the conversation", arrived, seconds=20)
    print(f"    {conversations[0]}")

    step("somebody answers")
    sent = call(stack, "POST", "/api/sms/send", json={"to": CUSTOMER, "from": number, "message": "Yes, until six."})
    print(f"    {sent}")

    step("the phone receives it")
    texts: list[dict] = []

    def received() -> bool:
        texts[:] = control(stack, f"phones/{CUSTOMER}/inbox")["texts"]
        return bool(texts)

    wait_until("the answer on the phone", received, seconds=30)
    print(f"    {texts[-1]}")


def demo() -> None:
    stack = up("demo")
    play(stack)
    explain(stack)


if __name__ == "__main__":
    main(demo)
