"""The books over the API: months, payees' years, the provider's account, and the journal as a file."""

from dataclasses import asdict
from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.resource import Resource, words
from moref.books.model import ClosedMonth, PayeeYear, ProviderStatement
from moref.kernel.errors import BadInput
from moref.money import Currency
from moref.tenants.forms import Form, Identifier

MONTH: Schema = {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$", "examples": ["2026-10"]}
PAYER: Schema = {"type": "string", "description": "the legal entity that pays"}


def _standing(call: Call, row: PayeeYear) -> str:
    from moref.books.payee_year import standing

    return standing(row)


_STANDING: Schema = {
    "type": "string",
    "enum": ["under", "near", "reached"],
    "description": "against the sum from which a payer files an information return; near from 90 percent on",
}
CLOSED_MONTH = Resource(
    "ledger/closed-months",
    ClosedMonth,
    words("legal_entity_id month entries digest balances closed_by"),
    "closed months of the books",
    {"legal_entity_id": "parent"},
    whole=True,
)
PAYEE_YEAR = Resource(
    "ledger/payee-years",
    PayeeYear,
    words("legal_entity_id contact_id year paid rewards"),
    "what a payer paid one person in a calendar year; payer_year is <legal entity>.<year>",
    {"payer_year": "parent"},
    whole=True,
    least="admin",
    extras={"standing": (_STANDING, _standing)},
)
STATEMENT = Resource(
    "ledger/statements",
    ProviderStatement,
    words(
        "provider month currency status reason asked_at orders provider_total fees booked_total difference unexplained"
        " items more_items other_currencies"
    ),
    "a provider's orders of a month beside the payouts booked in it",
    {"status": "status"},
    whole=True,
)
BOOKS = (CLOSED_MONTH, PAYEE_YEAR, STATEMENT)


class Month(Form):
    legal_entity_id: Identifier
    month: str = Field(json_schema_extra=MONTH)


class Statement(Form):
    provider: Identifier
    month: str = Field(json_schema_extra=MONTH)
    currency: Currency = "USD"


def _close(call: Call) -> Any:
    from moref.books.close_month import close_month

    made = close_month(
        call.runtime, call.organization_id, call.body.legal_entity_id, call.body.month, actor=call.caller.member_id
    )
    return CLOSED_MONTH.view(made)


def _month_end(call: Call) -> Any:
    from moref.books.month_end import is_closed, month_end

    payer, month = _asked(call)
    rows = month_end(call.runtime, call.organization_id, payer, month)
    closed = is_closed(call.runtime.store, call.organization_id, payer, month)
    return {"legal_entity_id": payer, "month": month, "closed": closed, "items": [asdict(row) for row in rows]}


def _journal(call: Call) -> str:
    from moref.books.general_ledger import COLUMNS, general_ledger
    from moref.csv_text import write

    return write(COLUMNS, general_ledger(call.runtime, call.organization_id, *_asked(call)))


def _state(call: Call) -> Any:
    from moref.books.provider_statement import ask_for_statement

    body = call.body
    return STATEMENT.view(
        ask_for_statement(call.runtime, call.organization_id, body.provider, body.month, body.currency)
    )


def _asked(call: Call) -> tuple[str, str]:
    for name in ("legal_entity_id", "month"):
        if name not in call.query:
            raise BadInput(f"{name} is needed", field=name)
    return call.query["legal_entity_id"], call.query["month"]


_MONTH_END: Schema = {
    "type": "object",
    "properties": {
        "legal_entity_id": {"type": "string"},
        "month": MONTH,
        "closed": {"type": "boolean"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "location_id": {"type": "string"},
                    "currency": {"type": "string"},
                    "moved": {
                        "type": "object",
                        "additionalProperties": {"type": "integer"},
                        "description": "minor units booked in the month, by step",
                    },
                    "liability": {"type": "integer", "description": "minor units owed at the month's end"},
                },
                "required": ["location_id", "currency", "moved", "liability"],
            },
        },
    },
    "required": ["legal_entity_id", "month", "closed", "items"],
}
_QUERY = {"legal_entity_id": PAYER, "month": MONTH}

OPERATIONS = (
    Operation("GET", "/v1/ledger/month-end", _month_end, "member", "ledger",
              "A payer's month by branch: what was accrued, paid and taken back, and what is owed at its end",
              _MONTH_END.copy, query=_QUERY, whole=True),
    Operation("POST", "/v1/ledger/closed-months", _close, "admin", "ledger",
              "Closes a month of a payer's books, from a day after its end; corrections are entries of later months",
              CLOSED_MONTH.schema, status=201, body=Month, whole=True, fresh=True),
    Operation("GET", "/v1/ledger/journal", _journal, "admin", "ledger",
              "A payer's journal of a month as CSV, one row a line of an entry", lambda: {"type": "string"},
              query=_QUERY, whole=True, produces="text/csv"),
    Operation("POST", "/v1/ledger/statements", _state, "admin", "ledger",
              "Has a provider's month compared with ours, in one currency; read it under "
              "/v1/ledger/statements/{provider}.{month}.{currency}",
              STATEMENT.schema, status=202, body=Statement, whole=True),
)  # fmt: skip
