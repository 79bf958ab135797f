"""`make demo`: a scenario that a person can follow, on the local stack.

Each step says in plain words what happens, shows the calls that it makes, and checks what came of them. The steps are
in scripts/scenario/.
"""

from __future__ import annotations

import argparse
import time

from scenario.calling import Calling
from scenario.numbers import Numbers
from scenario.providers import Providers
from scenario.texting import Texting
from stack import Stack
from tools import Problem, main


class Scenario(Texting, Providers, Numbers, Calling):
    def play(self) -> None:
        self.texts()
        self.providers()
        self.the_numbers()
        self.the_calls()

    def more(self) -> None:
        shown, (twilio, phone) = self.stack.file.name, (self.numbers["twilio"], self.phones["twilio"])
        folder = "" if self.stack.name == "demo" else self.stack.name + "/"
        print(f"""
All {self.checks} checks of {self.steps} steps passed in {time.monotonic() - self.began:.1f} s. The stack is still running; try it yourself:

  STACK=.local/{folder}{shown}
  API=$(jq -r .api $STACK)  SIM=$(jq -r .simulator $STACK)/_sim  TOKEN=$(jq -r .tokens.user $STACK)

  # what has happened so far
  curl -s -H "Authorization: Bearer $TOKEN" $API/api/conversations | jq '.items[] | {{contact, unreadCount, lastMessage}}'
  curl -s -H "Authorization: Bearer $TOKEN" $API/api/wallet/transactions | jq '.items[] | [.type, .amount, .balanceAfter]' -c

  # a telephone texts us; then we text it
  curl -s -H 'content-type: application/json' -d '{{"to":"{twilio}","body":"Me again"}}' $SIM/phones/{phone}/text | jq .sid
  curl -s -H "Authorization: Bearer $TOKEN" -H 'content-type: application/json' -H 'idempotency-key: once' \\
    -d '{{"to":"{phone}","message":"Good to hear from you"}}' $API/api/sms/send | jq .message
  curl -s $SIM/phones/{phone}/inbox | jq '.texts[] | {{from, body}}' -c

  # the provider takes the next text and loses its answer: it arrives once all the same
  curl -s -H 'content-type: application/json' -d '{{"operation":"messages.create","kind":"accept_then_close"}}' $SIM/faults

  curl -s $API/api/openapi.json | jq '.paths | keys'
  make down       stops the stack
""")


def demo() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="demo", help="the stack; `demo` is brought up first")
    parser.add_argument("--no-up", action="store_true", help="play on the stack as it is running")
    arguments = parser.parse_args()
    if not arguments.no_up:
        from up import up  # Only here: a stack that runs needs nothing of what builds one.

        up(arguments.name)
    stack = Stack(arguments.name)
    if not stack.state.get("processes", {}).get("simulator"):
        raise Problem("no local stack is running; run: make up")
    scenario = Scenario(stack)
    scenario.play()
    scenario.more()


if __name__ == "__main__":
    main(demo)
