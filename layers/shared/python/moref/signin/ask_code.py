"""Asks for a one-time code by e-mail. Every address meets the same reads and writes and the same answer.

Whether a mail leaves is the worker's to decide, later: nothing here can tell an address that is known from another.
"""

from datetime import datetime

from moref.events import Event
from moref.kernel.errors import Conflict, Retry
from moref.kernel.keys import PEOPLE
from moref.records import Emit
from moref.runtime import Runtime
from moref.signin import limits
from moref.signin.challenges import challenge_of, put
from moref.signin.codes import VALID, new_nonce
from moref.signin.model import Language
from moref.signin.source import tally_of

TRIES = 10
TOO_OFTEN = "too many codes were asked for: wait, then ask again"
TOO_WRONG = "too many wrong codes: wait, then ask again"


def ask_code(runtime: Runtime, email: str, language: Language, *, source: str) -> None:
    """`email` as `people.email` writes it. A code asked for anew ends the one before. Raises TooMany; Retry."""
    for _ in range(TRIES):
        try:
            _ask(runtime, email, language, source, runtime.clock.now())
        except Conflict:
            continue
        return
    raise Retry("this address is being asked about by many at once")


def _ask(runtime: Runtime, email: str, language: Language, source: str, now: datetime) -> None:
    before = challenge_of(runtime, email, now)
    tally = tally_of(runtime.store, runtime.keys, source, now)
    limits.check(tally.asked_at, now, limits.CODES_OF_SOURCE, TOO_OFTEN)
    limits.check(before.asked_at, now, limits.CODES_OF_ADDRESS, TOO_OFTEN)
    limits.check(before.failed_at, now, limits.FAILURES_OF_ADDRESS, TOO_WRONG)
    after = before.changed(
        now, language=language, nonce=new_nonce(), status="open", valid_until=now + VALID, wrong=0,
        asked_at=limits.noted(before.asked_at, now, limits.CODES_OF_ADDRESS),
    )  # fmt: skip
    counted = tally.changed(now, asked_at=limits.noted(tally.asked_at, now, limits.CODES_OF_SOURCE))
    told = Emit(Event("sign_in.code_asked", PEOPLE, after.id), now)
    runtime.store.commit(put(before, after), put(tally, counted), told)
