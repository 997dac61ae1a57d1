"""What a location still needs before everything works, one check a line, with what to do in words."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from moref.budgets.model import Budget, budget_id
from moref.intake.model import ConnectionHealth
from moref.messaging.senders import Sender, sender_id
from moref.programs.model import Program, program_id
from moref.records import every, get
from moref.rewards.funding import Funding
from moref.runtime import Runtime
from moref.tenants.model import Connection, LegalEntity, Location, Member, VendorAccount

State = Literal["ok", "waiting", "missing"]
_HOW = {"requested": "missing", "pending": "waiting", "active": "ok", "blocked": "missing"}


class Check(NamedTuple):
    """`waiting`: others are at it (a carrier's review). `todo` is empty when the state is ok."""

    name: str
    state: State
    words: str
    todo: str = ""


class _Look(NamedTuple):
    runtime: Runtime
    location: Location
    connections: list[Connection]
    program: Program | None  # of customers, as it counts here

    @property
    def organization_id(self) -> str:
        return self.location.organization_id


def readiness(runtime: Runtime, organization_id: str, location_id: str) -> list[Check]:
    """Every check in the order people do them. Raises NotFound."""
    location = get(runtime.store, Location, organization_id, location_id)
    active = [one for one in every(runtime.store, Connection, organization_id) if one.status == "active"]
    look = _Look(runtime, location, active, _program(runtime, organization_id, location_id))
    return [check(look) for check in _CHECKS]


def _program(runtime: Runtime, organization_id: str, location_id: str) -> Program | None:
    ids = (program_id(organization_id, "customer", place) for place in (location_id, None))
    found = (runtime.store.find(Program, organization_id, id) for id in ids)
    return next((program for program in found if program is not None and program.status == "active"), None)


def _payer(look: _Look) -> Check:
    payer = get(look.runtime.store, LegalEntity, look.organization_id, look.location.legal_entity_id)
    if payer.ein:
        return Check("payer", "ok", f"{payer.name} pays the rewards, under its EIN")
    return Check("payer", "missing", f"{payer.name} has no EIN: the year's 1099 forms cannot name their payer",
                 "give the legal entity its EIN")  # fmt: skip


def _crm(look: _Look) -> Check:
    """Connected is what has posted something that could be used; a branch that came from elsewhere is new to it."""
    if not look.connections:
        return Check("crm", "missing", "no CRM is connected", "connect one, and let it post to the address it is given")
    place = look.location
    known = place.crm_branch is not None or any(one.default_location_id == place.id for one in look.connections)
    if place.came_from is not None and not known:
        return Check("crm", "missing", f"the branch came from {place.came_from}: no CRM of yours sends its jobs here",
                     "say how your CRM names it (crm_branch), or make it a connection's default location")  # fmt: skip
    names = ", ".join(sorted(one.crm for one in look.connections))
    store, org = look.runtime.store, look.organization_id
    health = [store.find(ConnectionHealth, org, one.id) for one in look.connections]
    heard = [each for each in health if each is not None]
    if any(each.became != "quarantined" for each in heard):
        return Check("crm", "ok", f"connected, and heard of: {names}")
    if heard:
        return Check("crm", "missing", f"what comes from {names} cannot be used: {heard[0].reason}",
                     "mend what it posts; the connection's test-event says what is wrong")  # fmt: skip
    return Check("crm", "waiting", f"connected, and nothing came yet: {names}",
                 "let it post to the connection's hook_url")  # fmt: skip


def _facts(look: _Look) -> Check:
    """The fact that earns rewards must be one that some CRM here can tell."""
    program = look.program
    if program is None:
        return Check("facts", "missing", "no program for customers", "create a program, or activate the one there is")
    fact = program.qualifying_fact
    if fact == "lead_qualified" or any(fact in one.supplies for one in look.connections):
        return Check("facts", "ok", f"rewards are earned when a job is {fact}, which is told")
    words = f"rewards are earned when a job is {fact}, which no connected CRM tells"
    return Check("facts", "missing", words, "choose another qualifying fact, or connect a CRM that tells this one")


def _email(look: _Look) -> Check:
    """Live at once: what is not verified yet goes out under the platform's own identity."""
    sender = look.runtime.store.find(Sender, look.organization_id, sender_id("email", look.location.id))
    if sender is None:
        words = "e-mail is live under the platform's address"
        return Check("email_sender", "ok", words)
    if sender.status == "blocked":
        words = f"e-mail is stopped: {sender.stopped_because or 'a part is blocked'}"
        return Check("email_sender", "missing", words, "mend the cause, then resume the sender email")
    told = ", ".join(f"{name} {state}" for name, state in sorted(sender.states.items()))
    if sender.status == "active":
        return Check("email_sender", "ok", f"e-mail is live ({told})" if told else "e-mail is live")
    return Check("email_sender", "waiting", f"e-mail is live under the platform's address; {told}",
                 "publish the DNS records, then tell that they are there")  # fmt: skip


def _sms(look: _Look) -> Check:
    if look.location.sms_sender is None:
        return Check("sms_sender", "missing", "no number or messaging service: everything goes by e-mail",
                     "give the location its number")  # fmt: skip
    account = look.runtime.store.find(VendorAccount, look.organization_id, "twilio")
    if account is None or account.status != "active":
        return Check("sms_sender", "missing", "no Twilio account is connected", "connect the Twilio account")
    sender = look.runtime.store.find(Sender, look.organization_id, sender_id("sms", look.location.id))
    if sender is None or sender.address != look.location.sms_sender:
        return Check("sms_sender", "missing", "nothing is known of the number's registration (10DLC)",
                     "register brand and campaign at Twilio, and tell here how far they are")  # fmt: skip
    if sender.status == "active":
        return Check("sms_sender", "ok", "brand and campaign are active")
    if sender.stopped_because is not None:
        return Check("sms_sender", "missing", f"texts are stopped: {sender.stopped_because}",
                     "mend the registration at Twilio, then resume the sender")  # fmt: skip
    told = ", ".join(f"{name} {sender.states.get(name, 'requested')}" for name in ("brand", "campaign"))
    state: State = "waiting" if _HOW[sender.status] == "waiting" else "missing"
    return Check("sms_sender", state, f"texts wait for the registration ({told}); e-mail goes meanwhile",
                 "finish the registration at Twilio, and tell here how far it is")  # fmt: skip


def _postal_address(look: _Look) -> Check:
    if look.location.postal_address.strip():
        return Check("postal_address", "ok", "stands in every e-mail")
    return Check("postal_address", "missing", "marketing e-mail needs a postal address", "give the location its own")


def _review_link(look: _Look) -> Check:
    if look.location.review_url.strip():
        return Check("review_link", "ok", "every customer is shown the same one")
    return Check("review_link", "missing", "there is no public review link", "give the location its own")


def _site(look: _Look) -> Check:
    if look.location.site_url:
        return Check("site", "ok", "links lead to your own page")
    return Check("site", "ok", "links lead to our quote form; give the location a site to use your own page")


def _reward_provider(look: _Look) -> Check:
    account = look.runtime.store.find(VendorAccount, look.organization_id, "tremendous")
    if account is None or account.status != "active":
        return Check("reward_provider", "missing", "rewards cannot be paid", "connect the Tremendous account")
    funding = look.runtime.store.find(Funding, look.organization_id, account.id)
    if funding is None or funding.checked_at is None:
        return Check("reward_provider", "waiting", "Tremendous is connected; its balance was not read yet",
                     "nothing: it is read within hours")  # fmt: skip
    if funding.status == "short" or funding.balance == 0:
        return Check("reward_provider", "missing", "Tremendous is connected, and has no money for what is to be paid",
                     "put money into the Tremendous account")  # fmt: skip
    low = " for less than a week" if funding.status == "low" else ""
    return Check("reward_provider", "ok", f"Tremendous is connected and funded{low}")


def _budget(look: _Look) -> Check:
    """None is needed; one that is paused approves nothing."""
    store, org = look.runtime.store, look.organization_id
    found = [store.find(Budget, org, budget_id(org, place)) for place in (look.location.id, None)]
    budgets = [budget for budget in found if budget is not None and budget.status != "archived"]
    if any(budget.status == "paused" for budget in budgets):
        return Check("budget", "missing", "a budget is paused: nothing is approved", "let the budget go on")
    if budgets:
        return Check("budget", "ok", "a budget limits what is approved")
    return Check("budget", "ok", "no budget: nothing limits what is approved")


def _members(look: _Look) -> Check:
    """Who may approve here: some rewards take two."""
    members = every(look.runtime.store, Member, look.organization_id, status="active")
    able = [one for one in members if one.role != "member"]
    here = [one for one in able if one.location_ids is None or look.location.id in one.location_ids]
    if len(here) > 1:
        return Check("members", "ok", f"{len(here)} people may approve rewards here")
    if look.program is not None and look.program.second_approver_over is not None:
        return Check("members", "missing", "rewards above the program's limit take two people; there is one",
                     "invite a second owner or admin")  # fmt: skip
    return Check("members", "ok", "one person may approve rewards here; large goodwill takes two")


_CHECKS: tuple[Callable[[_Look], Check], ...] = (
    _payer, _crm, _facts, _email, _sms, _postal_address, _review_link, _site, _reward_provider, _budget, _members,
)  # fmt: skip
