"""The organization's do-not-contact list, as moref.messaging.do_not_contact reads it."""

from dataclasses import dataclass

from moref import csv_table
from moref.csv_table import Cells
from moref.imports.model import Outcome
from moref.imports.table import Frame, KindOf, about
from moref.kernel.errors import BadInput
from moref.messaging.do_not_contact import COLUMNS, Address, addresses_of, suppress
from moref.messaging.model import Suppression


@dataclass(frozen=True, slots=True)
class Row:
    addresses: list[Address]
    slips: list[BadInput]


def read(frame: Frame, cells: Cells) -> Row:
    del frame
    addresses, slips = addresses_of(csv_table.Row(0, cells))
    if not addresses:
        raise slips[0]
    return Row(addresses, slips)


def bring(frame: Frame, row: Row) -> Outcome:
    added = [suppress(frame.runtime, frame.organization_id, address) for address in row.addresses]
    return "created" if any(added) else "unchanged"


WORDS = "Addresses that are not to be written to; kept as keyed hashes."
KIND = KindOf(
    WORDS,
    COLUMNS,
    (("phone", "email"),),
    read,
    bring,
    about(Suppression, changed="created"),
    slips=lambda row: row.slips,
)
