"""The error tree. Each class owns its code and HTTP status; one place in the API maps it to RFC 9457.

MorefError
├── BadInput 422        a value that cannot be accepted; `field` names it
├── Malformed 400       not even readable
├── Unauthenticated 401
├── PaymentRequired 402 the subscription has lapsed: nothing new may begin; see billing.standing
├── Forbidden 403
├── NotFound 404        also another tenant's id
├── Conflict 409        somebody else changed it first, or the state does not allow it
├── TooLarge 413
├── TooMany 429         asked too often; `seconds` until it may be asked again
└── Failure             an effect on the outside world did not go through; the kind says what to do
    ├── Retry           nothing happened there; try again (after `seconds`, when known)
    ├── NeedsPerson     trying again cannot help until somebody acts
    ├── Permanent       it will never work; record it and go on
    └── OutcomeUnknown  it may have happened: ask before doing it again
"""


class MorefError(Exception):
    code = "error"
    status = 500

    def __init__(self, detail: str = "", *, field: str | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail or self.code
        self.field = field


class BadInput(MorefError):
    code = "bad_input"
    status = 422


class Malformed(MorefError):
    code = "malformed"
    status = 400


class Unauthenticated(MorefError):
    code = "unauthenticated"
    status = 401


class PaymentRequired(MorefError):
    code = "payment_required"
    status = 402


class Forbidden(MorefError):
    code = "forbidden"
    status = 403


class NotFound(MorefError):
    code = "not_found"
    status = 404


class Conflict(MorefError):
    code = "conflict"
    status = 409


class TooLarge(MorefError):
    code = "too_large"
    status = 413


class TooMany(MorefError):
    code = "too_many"
    status = 429

    def __init__(self, detail: str = "", *, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class Failure(MorefError):
    code = "failure"


class Retry(Failure):
    code = "retry"

    def __init__(self, detail: str = "", *, seconds: int | None = None) -> None:
        super().__init__(detail)
        self.seconds = seconds


class NeedsPerson(Failure):
    code = "needs_person"


class Permanent(Failure):
    code = "permanent"


class OutcomeUnknown(Failure):
    code = "outcome_unknown"
