"""Signs in by a one-time code. A right one is used up; each wrong one is counted, also when fifty come at once.

An address that nobody asked about is read and written as one with a code, and refused in the same words.
"""

from datetime import datetime

from moref.kernel.errors import BadInput, Conflict, Retry
from moref.kernel.keys import PEOPLE
from moref.records import Create, Write
from moref.runtime import Runtime
from moref.signin import limits
from moref.signin.ask_code import TOO_WRONG
from moref.signin.challenges import challenge_of, put
from moref.signin.codes import TRIES, fits
from moref.signin.memberships import chosen, memberships
from moref.signin.model import Challenge, Person, Tally, person_id
from moref.signin.sessions import SignedIn, opened
from moref.signin.source import tally_of

RACES = 40  # more than guesses can be counted for an address in a day: whoever loses this often meets its limit


def verify_code(
    runtime: Runtime, email: str, code: str, *, source: str, organization_id: str | None = None
) -> SignedIn:
    """Raises BadInput on whatever is not the address's present code; TooMany; NotFound for an organization they do not
    belong to (the code is then still good); Retry."""
    for _ in range(RACES):
        try:
            return _verified(runtime, email, code, source, organization_id)
        except Conflict:
            continue
    raise Retry("this address is being signed in by many at once")


def _verified(runtime: Runtime, email: str, code: str, source: str, organization_id: str | None) -> SignedIn:
    now = runtime.clock.now()
    challenge = challenge_of(runtime, email, now)
    tally = tally_of(runtime.store, runtime.keys, source, now)
    limits.check(tally.failed_at, now, limits.FAILURES_OF_SOURCE, TOO_WRONG)
    limits.check(challenge.failed_at, now, limits.FAILURES_OF_ADDRESS, TOO_WRONG)
    if not fits(runtime.keys, challenge, code, now):
        runtime.store.commit(*_counted(challenge, tally, now))
        raise BadInput(f"this is not the newest code, or it is too old, or {TRIES} were wrong", field="code")
    person, writes = known(runtime, email, now)
    found = memberships(runtime.store, person)
    signed_in, session = opened(runtime, person, "code", found, chosen(found, organization_id, None))
    used = challenge.changed(now, status="used")
    runtime.store.commit(put(challenge, used), *writes, *session)
    return signed_in


def _counted(challenge: Challenge, tally: Tally, now: datetime) -> tuple[Write, Write]:
    wrong = challenge.wrong + 1
    burnt = challenge.status == "open" and wrong >= TRIES
    failed = challenge.changed(
        now, wrong=wrong, status="burnt" if burnt else challenge.status,
        failed_at=limits.noted(challenge.failed_at, now, limits.FAILURES_OF_ADDRESS),
    )  # fmt: skip
    counted = tally.changed(now, failed_at=limits.noted(tally.failed_at, now, limits.FAILURES_OF_SOURCE))
    return put(challenge, failed), put(tally, counted)


def known(runtime: Runtime, email: str, now: datetime) -> tuple[Person, tuple[Write, ...]]:
    """The person of a proved address, and the write that makes one of a newcomer."""
    id = person_id(runtime.keys, email)
    person = runtime.store.find(Person, PEOPLE, id)
    if person is not None:
        return person, ()
    person = Person(organization_id=PEOPLE, id=id, created_at=now, updated_at=now, email=email)
    return person, (Create(person),)
