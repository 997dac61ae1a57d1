"""A company with a program for partners that pays a share, and one partner who was invited."""

import re
from typing import Any

from moref.pages.dispatch import answer
from moref.partners.invite import Invitation, invite
from moref.partners.model import Partner
from moref.partners.onboard import onboard_partner
from moref.partners.types import PartnerType
from moref.programs.model import Program, ProgramText, Tier, program_id
from moref.records import Create, get
from moref.referrals.model import Referral
from tests.fakes.page_server import event
from tests.fakes.referral_world import LOCATION, ORG, world
from tests.fakes.referral_world import World as Referrals

_HIDDEN = re.compile(r'name="nonce" value="([^"]+)"')
TERMS = "Recommend us honestly.\nSay that you may get a reward."
FRIEND = {
    "name": "Fred Friend",
    "phone": "(512) 555-0188",
    "email": "",
    "origin": "78701",
    "destination": "",
    "notes": "",
}


class World:
    def __init__(self, kind: PartnerType = "property_manager", base: Referrals | None = None, **rules: Any) -> None:
        self.base: Referrals = base or world()
        fields: dict[str, Any] = {
            "tiers": [Tier(at=1, basis_points=500, maximum=20_000)], "terms_version": 1, "terms_required": True,
        } | rules  # fmt: skip
        id = program_id(ORG, "partner", None)
        self.base.store.commit(
            Create(Program(**self.base.base(id), name="Partners", advocate_kind="partner", **fields)),
            Create(ProgramText(**self.base.base("ptx_1"), program_id=id, number=1, text=TERMS)),
        )
        self.program_id = id
        self.partner_id = self.invited(kind).id

    def invited(
        self, kind: PartnerType = "property_manager", email: str | None = "ana@homes.example.com", **more: Any
    ) -> Partner:
        who = Invitation(LOCATION, kind, "Homes", "Inc.", email=email, **{"by_mail": False} | more)
        return invite(self.base.runtime, ORG, who, actor="mem_1")

    @property
    def partner(self) -> Partner:
        return get(self.base.store, Partner, ORG, self.partner_id)

    def page(self, token: str = "", query: str = "") -> str:
        made = answer(self.base.runtime, event("GET", f"/p/{token or self.partner.token}", query=query))
        return str(made["body"])

    def post(self, token: str = "", **form: str) -> tuple[int, str]:
        from urllib.parse import urlencode

        path = f"/p/{token or self.partner.token}"
        made = answer(self.base.runtime, event("POST", path, body=urlencode(form).encode()))
        return made["statusCode"], made["body"]

    def accept(self) -> None:
        assert self.post(do="accept", terms="1", attestation="yes")[0] == 303
        self.work()

    def work(self) -> None:
        """The worker hears what partners accepted."""
        for told in self.base.events("partner.accepted"):
            onboard_partner(self.base.runtime, ORG, told["subject"])

    def send(self, token: str = "", **over: str) -> int:
        nonce = _HIDDEN.search(self.page(token))
        assert nonce is not None
        return self.post(token, nonce=nonce[1], **FRIEND | over)[0]

    def referrals(self) -> list[Referral]:
        found = self.base.store.list(Referral, ORG, parent=self.partner.advocate_id).items
        return [each for each in found if isinstance(each, Referral)]
