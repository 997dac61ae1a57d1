"""Everything that is held of one person: the rows that are theirs, found without a scan, by ids and look-ups.

Rows of other people that they appear in by id alone (a friend's referral in their list) are theirs as far as ids go.
"""

from collections.abc import Iterable, Iterator, Sequence

from moref.books.model import PayeeYear
from moref.books.payee_year import payee_year_id
from moref.campaigns.model import Enrollment, Feedback, StaffTask
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.identity.current import current
from moref.intake.model import Contact, Job
from moref.messaging.model import Frequency, Message
from moref.messaging.plan_message import message_id
from moref.partners.model import Partner
from moref.privacy.inventory import INVENTORY
from moref.programs.model import ProgramException, Standing, TermsAcceptance
from moref.records import E, Entity, every, get
from moref.referrals.advocates import LOOKUP as ADVOCATE
from moref.referrals.advocates import advocate_id
from moref.referrals.dispute import LOOKUP as JOB_DISPUTE
from moref.referrals.merge_contacts import MERGED
from moref.referrals.model import Advocate, Dispute, Lead, Link, Referral, UnmatchedSource
from moref.referrals.recognise import LOOKUP as REFERRED
from moref.referrals.unmatched import unmatched_id
from moref.reporting.display_name import DisplayName
from moref.rewards.benefit_model import CreditAccount, CreditUse, Debt, DiscountCode
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Entry, Payout, Reward, payout_id
from moref.rewards.new_address import NewAddress
from moref.runtime import Runtime

_BY_LEAD = ("quote_form", "lead_submitted")  # evidence whose source is a lead
_OF_CONTACTS = (
    Partner,
    Job,
    Enrollment,
    Feedback,
    Message,
    StaffTask,
    CreditAccount,
    CreditUse,
)  # listed by their contact
_OF_ADVOCATES = (Link, Referral, Reward, TermsAcceptance, Standing, ProgramException, Dispute, Goodwill, Debt, Partner)


def contact_ids(runtime: Runtime, organization_id: str, contact_id: str) -> list[str]:
    """The row that counts first, then every row that was merged into it. Raises NotFound."""
    counts = current(runtime.store, organization_id, get(runtime.store, Contact, organization_id, contact_id).id)
    found = [counts.id if counts else contact_id]
    for id in found:  # grows while it is read: merges of merges
        row = runtime.store.find(Contact, organization_id, id)
        merged = dict.fromkeys(_merged_into(runtime, row)) if row is not None else {}
        found += [other for other in merged if other not in found]
    return found


def _merged_into(runtime: Runtime, contact: Contact) -> Iterator[str]:
    """By the look-up; of merges that are older than it, among those who share an address or a CRM's id."""
    store, org = runtime.store, contact.organization_id
    yield from store.lookup(org, MERGED, contact.id)
    ways = [("person", key) for key in contact.person_keys] + [("crm_contact", key) for key in contact.crm_keys]
    for kind, value in ways:
        for id in store.lookup(org, kind, value):
            other = store.find(Contact, org, id)
            if other is not None and other.merged_into == contact.id:
                yield id


class Person:
    """The rows of one person, read when asked for. Lists lag by a moment: whoever erases looks twice."""

    def __init__(self, runtime: Runtime, organization_id: str, contact_ids: Sequence[str]) -> None:
        self._store = runtime.store
        self.organization_id = organization_id
        self.contact_ids = list(contact_ids)

    def rows(self, *, named_only: bool = False) -> dict[str, list[Entity]]:
        """By noun, each row once; what leads to other rows comes after them, and the contacts last.

        `named_only` leaves out rows of nouns that hold ids alone, unless others are found by them: of a partner with a
        thousand referrals that is the most.
        """
        advocates = self.advocates()
        theirs = list(self._listed(_wanted(_OF_CONTACTS, named_only), self.contact_ids))
        earned = list(self._listed(_wanted(_OF_ADVOCATES, named_only), [advocate.id for advocate in advocates]))
        referred = self.referred()
        both = [*referred, *(row for row in earned if isinstance(row, Referral) and not named_only)]
        conversions = self._some(Conversion, (conversion_id(self.organization_id, row.id) for row in both))
        rewards = self._rewards(earned, conversions)
        leads = self._some(Lead, self._lead_ids(referred, theirs))
        found: dict[str, dict[str, Entity]] = {}
        for row in (
            *self._told_to_staff([*theirs, *leads, *earned]),
            *self._around_jobs(theirs, earned),
            *self._around_rewards(rewards, named_only=named_only),
            *leads, *theirs, *rewards, *conversions, *referred,
            *(row for row in earned if not isinstance(row, Reward)),
            *self._some(Frequency, self.contact_ids),
            *self._some(DisplayName, (advocate.id for advocate in advocates)),
            *advocates,
            *self._some(Contact, self.contact_ids),
        ):  # fmt: skip
            found.setdefault(row.noun, {})[row.id] = row
        return {noun: list(rows.values()) for noun, rows in found.items()}

    def advocates(self) -> list[Advocate]:
        ids = [advocate_id(self.organization_id, id) for id in self.contact_ids]
        ids += [id for each in self.contact_ids for id in self._store.lookup(self.organization_id, ADVOCATE, each)]
        ids += [row.id for row in self._listed((Advocate,), self.contact_ids)]
        return [row for row in self._some(Advocate, ids) if row.contact_id in self.contact_ids]

    def referred(self) -> list[Referral]:
        """Those that made them somebody's friend."""
        ids = [id for each in self.contact_ids for id in self._store.lookup(self.organization_id, REFERRED, each)]
        return [row for row in self._some(Referral, ids) if row.contact_id in self.contact_ids]

    def naming(self, earned: Iterable[Entity]) -> list[str]:
        """Jobs of friends, in which a CRM may have written by name who sent them."""
        referrals = [row for row in earned if isinstance(row, Referral)]
        said = (one.source_id for row in referrals for one in row.evidence if one.kind == "name_mention")
        return [*dict.fromkeys([*said, *(row.job_id for row in referrals if row.job_id)])]

    def _some(self, kind: type[E], ids: Iterable[str]) -> list[E]:
        found = (self._store.find(kind, self.organization_id, id) for id in dict.fromkeys(ids))
        return [row for row in found if row is not None]

    def _listed(self, kinds: Iterable[type[Entity]], parents: Sequence[str]) -> Iterator[Entity]:
        for kind in kinds:
            for parent in parents:
                yield from every(self._store, kind, self.organization_id, parent=parent)

    def _lead_ids(self, referred: Iterable[Referral], theirs: Iterable[Entity]) -> Iterator[str]:
        for referral in referred:
            yield from (said.source_id for said in referral.evidence if said.kind in _BY_LEAD)
            if referral.lead_id:
                yield referral.lead_id
        yield from (row.lead_id for row in theirs if isinstance(row, Job) and row.lead_id)

    def _rewards(self, earned: Iterable[Entity], conversions: Iterable[Conversion]) -> list[Reward]:
        """Their own: of an advocate's list those that were not the friend's, and as a friend."""
        as_friend = self._some(Reward, (row.friend_reward_id for row in conversions if row.friend_reward_id))
        found = {row.id: row for row in [*(row for row in earned if isinstance(row, Reward)), *as_friend]}
        return [row for row in found.values() if row.contact_id in self.contact_ids]

    def _told_to_staff(self, about: Iterable[Entity]) -> Iterator[Message]:
        """Messages to staff have no contact: they are found by what caused them."""
        causes = (cause for row in about for cause in _causes(row))
        yield from self._some(Message, (message_id(self.organization_id, cause) for cause in causes))

    def _around_jobs(self, theirs: Iterable[Entity], earned: Iterable[Entity]) -> Iterator[Entity]:
        """What was said of who referred them, and in whose jobs they are named themselves as who did."""
        org = self.organization_id
        jobs = [row.id for row in theirs if isinstance(row, Job)]
        yield from self._some(Dispute, (id for job in jobs for id in self._store.lookup(org, JOB_DISPUTE, job)))
        named = self.naming(earned)
        yield from self._some(UnmatchedSource, (unmatched_id(org, job) for job in [*jobs, *named]))
        yield from self._some(Job, named)

    def jobs(self) -> list[Job]:
        """Their own, and those in which they are named."""
        earned = self._listed((Referral,), [advocate.id for advocate in self.advocates()])
        theirs = [row for row in self._listed((Job,), self.contact_ids) if isinstance(row, Job)]
        return [*theirs, *self._some(Job, self.naming(earned))]

    def _around_rewards(self, rewards: Sequence[Reward], *, named_only: bool) -> Iterator[Entity]:
        org = self.organization_id
        payouts = self._some(Payout, (payout_id(org, reward.id) for reward in rewards if reward.kind == "gift_card"))
        yield from self._some(NewAddress, (payout.id for payout in payouts))
        yield from payouts
        if named_only:
            return
        yield from self._listed((DiscountCode, Entry), [reward.id for reward in rewards])
        years = {(row.legal_entity_id, row.issued_at.year) for row in rewards if row.issued_at is not None}
        ids = [payee_year_id(payer, year, contact) for payer, year in sorted(years) for contact in self.contact_ids]
        yield from self._some(PayeeYear, ids)


def _wanted(kinds: tuple[type[Entity], ...], named_only: bool) -> list[type[Entity]]:
    return [kind for kind in kinds if not named_only or INVENTORY[kind.noun].personal or kind in (Referral, Reward)]


def _causes(row: Entity) -> Iterator[str]:
    """Of messages to staff that hold what a customer said."""
    if isinstance(row, Message) and row.direction == "in":
        yield from (f"{row.id}.{what}" for what in ("staff", "answer", "thanks"))
    elif isinstance(row, Lead):
        yield from (f"{row.id}.{what}" for what in ("lead_not_accepted", "lead_failed"))
    elif isinstance(row, StaffTask):
        yield f"{row.id}.mail"
    elif isinstance(row, Dispute):
        yield from (f"{row.id}.{stands}" for stands in ("soon", "overdue"))
    elif isinstance(row, Feedback):
        # Each e-mail about a score is named after how long the comment was by then; it only ever grows by lines.
        lengths = [0, *(place for place, letter in enumerate(row.comment) if letter == "\n"), len(row.comment)]
        yield from (f"{row.id}.low_score.{length}" for length in lengths)
