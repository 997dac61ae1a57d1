"""What can be read of people: who they are, what they were sent, what they said, and what they do not want."""

from moref.api import attestations, contacts, do_not_contact, feedback, privacy, senders
from moref.api.operation import Operation

PEOPLE_ROWS = (
    contacts.CONTACT, contacts.MESSAGE, feedback.FEEDBACK, do_not_contact.SUPPRESSION, senders.SENDER, privacy.ERASURE,
    privacy.EXPORT,
)  # fmt: skip
PEOPLE_OPERATIONS: tuple[Operation, ...] = (
    *attestations.OPERATIONS, *contacts.OPERATIONS, *feedback.OPERATIONS, *do_not_contact.OPERATIONS,
    *senders.OPERATIONS, *privacy.OPERATIONS,
)  # fmt: skip
