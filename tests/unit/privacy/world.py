"""An advocate and a friend with a row of every kind that holds something of them, made by the product itself where a
use-case makes it. Their words are told apart from everything else: whoever looks for them finds them, or nothing."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bulk_worker.handler import WORK
from moref.campaigns.model import Enrollment, Feedback, StaffTask
from moref.intake.model import Contact, InboxEvent, Job
from moref.intake.work_inbox import work_inbox
from moref.kernel import ids
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.messaging.opt_out import opt_out
from moref.privacy.ask_erasure import ask_erasure
from moref.privacy.model import Erasure
from moref.records import Change, Create, get
from moref.referrals.dispute import open_dispute
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Lead, Link
from moref.referrals.request_quote import Quote, request_quote
from moref.referrals.track_job import track_job
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Payout, Reward
from moref.rewards.start_payout import start_payout
from moref.tenants.model import Hook, VendorAccount
from tests.fakes.referral_world import LOCATION, ORG, World, world

ANN = {"id": "C-1", "first_name": "Annabel", "last_name": "Quimby", "phone": "+15125550142",
       "email": "annabel.quimby@mail.example"}  # fmt: skip
FRITZ = {"id": "C-2", "first_name": "Fritz", "last_name": "Frindle", "phone": "+15125550177",
         "email": "fritz.frindle@mail.example"}  # fmt: skip
WORDS = {
    "ann": ("annabel", "quimby", "5125550142", "512-555-0142", "77 canary", "zebedee", "ann-says"),
    "fritz": ("fritz", "frindle", "5125550177", "12 warbler", "fritz-says"),
}


class Life:
    """`ann` and `fritz` are contact ids."""

    def __init__(self) -> None:
        self.world: World = world()
        self.runtime = self.world.runtime
        self.store = self.world.store
        base = self.world.base
        self.world.connection(None)
        hook = Hook(**base("hooktoken") | {"organization_id": GLOBAL}, owner_id=ORG, source="crm:generic",
                    connection_id="conn_1", secret_ciphertexts=[])  # fmt: skip
        account = VendorAccount(**base("tremendous"), vendor="tremendous", secret_ciphertext="x", hook_token="t")
        self.store.commit(Create(hook), Create(account))
        self.webhook("J-1", ANN, "completed", origin={"street": "77 Canary Lane", "postal_code": "78701"},
                     referred_by="Zebedee Namer", notes="Zebedee sent her")  # fmt: skip
        self.ann = self.job("J-1").contact_id
        self.link: Link = ensure_link(self.runtime, ORG, self.ann, LOCATION)
        self.lead: Lead = self.form("n1", email=FRITZ["email"])
        self.webhook("J-2", FRITZ, "booked", origin={"street": "12 Warbler Way", "postal_code": "78745"},
                     lead_id=self.lead.id, referred_by="Annabel Quimby")  # fmt: skip
        self.fritz = self.job("J-2").contact_id
        track_job(self.runtime, ORG, self.job("J-2").id)

    def webhook(self, job: str, customer: dict[str, Any], fact: str, *, minute: int = 0, **said: Any) -> InboxEvent:
        """A CRM's notice as a door stores it, worked on."""
        at = self.runtime.clock.now().isoformat()
        body = {"type": "job.updated", "timestamp": at,
                "data": {"job": {"id": job, **said}, "customer": customer,
                         "facts": [{"kind": fact, "value": True, "at": at}]}}  # fmt: skip
        return self.raw("crm:generic", json.dumps(body).encode(), f"{job}-{fact}-{minute}")

    def raw(self, source: str, body: bytes, id: str, *, work: bool = True) -> InboxEvent:
        event = InboxEvent(
            **self.world.base(ids.derived("inb", id)), source=source, connection_id="conn_1", event_id=id,
            headers={"webhook-id": id}, body=b64encode(zlib.compress(body)).decode(),
        )  # fmt: skip
        self.store.commit(Create(event))
        if work:
            work_inbox(self.runtime, ORG, event.id)
        return get(self.store, InboxEvent, ORG, event.id)

    def form(self, nonce: str, **over: Any) -> Lead:
        fields: dict[str, Any] = {
            "nonce": nonce, "first_name": "Fritz", "last_name": "Frindle", "phone": FRITZ["phone"], "email": None,
            "origin_zip": "78745", "origin_street": "12 Warbler Way", "destination_zip": "78704", "move_date": None,
            "notes": "fritz-says: third floor", "consent_text": "Texts are fine.", "consent_version": "1",
        } | over  # fmt: skip
        return request_quote(self.runtime, self.link.id, Quote(**fields))

    def full(self) -> None:
        """What else may be held of Ann, as an advocate and as a customer."""
        base, now = self.world.base, self.runtime.clock.now()
        place = {"location_id": LOCATION}
        opt_out(self.runtime, ORG, "sms", ANN["phone"], "staff", note="ann-says stop")
        text = {"From": ANN["phone"], "To": "+15125550100", "Body": "ann-says: what about my boxes?",
                "MessageSid": "SM1"}  # fmt: skip
        self.raw("twilio", urlencode(text).encode(), "sm1")
        enrollment = Enrollment(**base("enr_1"), campaign_id="c", version_id="v", trigger="job_completed", cause="J",
                                began_at=now, contact_id=self.ann, places=[], **place)  # fmt: skip
        feedback = Feedback(**base("fb_1"), enrollment_id="enr_1", contact_id=self.ann, job_id="j", score=2,
                            comment="ann-says: late", sentiment_reason="ann-says", **place)  # fmt: skip
        task = StaffTask(**base("task_1"), words="Call Annabel Quimby", contact_id=self.ann, source="enr_1", **place)
        goodwill = Goodwill(**base("gw_1"), advocate_id=self.link.advocate_id, amount=100, currency="USD",
                            reward_type="gift_card", reason="Annabel waited", asked_by="m", status="granted",
                            tax_confirmed=False, words=None, **place)  # fmt: skip
        self.store.commit(*(Create(row) for row in (enrollment, feedback, task, goodwill)))
        self.webhook("J-third", {"id": "C-3", "first_name": "Third", "phone": "+15125550199"}, "booked")
        open_dispute(self.runtime, ORG, self.link.advocate_id, self.job("J-third").id, claim="ann-says: I sent them",
                     proof=["ann-says"], actor="advocate")  # fmt: skip

    def reward(self, *, released: bool = True) -> Reward:
        now = self.runtime.clock.now()
        made = Reward(**self.world.base("rew_1"), advocate_id=self.link.advocate_id, contact_id=self.ann,
                      conversion_id="cnv_1", location_id=LOCATION, legal_entity_id="le_1", amount=2500, currency="USD",
                      approved_at=now, release_at=now + timedelta(minutes=0 if released else 10),
                      released_at=now if released else None)  # fmt: skip
        self.store.commit(Create(made))
        return made

    def payout(self) -> Payout:
        self.reward()
        made = start_payout(self.runtime, ORG, "rew_1")
        assert made is not None
        return made

    def end_payout(self) -> None:
        payout = get(self.store, Payout, ORG, self.payouts()[0])
        self.store.commit(Change(payout, payout.changed(self.runtime.clock.now(), status="delivered")))

    def payouts(self) -> list[str]:
        return [row["pk"].rpartition("#")[2] for row in self.store.rows.values() if row["noun"] == "payout"]

    def erase(self, contact_id: str) -> Erasure:
        """Asked for, and done as far as it goes."""
        asked = ask_erasure(self.runtime, ORG, contact_id, reason="they wrote to us", actor="mem_1")
        return self.go_on(asked.id)

    def go_on(self, id: str) -> Erasure:
        """To the last look, which comes some minutes later."""
        self.work("erasure.asked", id)
        self.world.clock.move(minutes=4)
        self.work("erasure.asked", id)
        return get(self.store, Erasure, ORG, id)

    def work(self, name: str, subject: str) -> None:
        """The bulk worker, until no slice is left."""
        queues = self.world.runtime.queues
        WORK[name](self.runtime, ORG, subject)
        while sent := [message for queue, message in queues.sent if queue == BULK]:  # type: ignore[attr-defined]
            queues.sent.clear()  # type: ignore[attr-defined]
            for message in sent:
                WORK[message["command"]](self.runtime, ORG, message["subject"])

    def job(self, external_id: str) -> Job:
        from moref.intake.apply_notice import job_id

        return get(self.store, Job, ORG, job_id(ORG, "conn_1", external_id))

    def contact(self, id: str) -> Contact:
        return get(self.store, Contact, ORG, id)

    def traces(self, who: str) -> list[str]:
        """Every place in which one of the person's words stands: rows, unpacked webhooks, events, queues, files."""
        return [f"{word} in {place}" for place, text in self._texts() for word in WORDS[who] if word in text.lower()]

    def _texts(self) -> Iterator[tuple[str, str]]:
        for (table, pk, sk), row in self.store.rows.items():
            yield f"{table} {pk}", f"{pk} {sk} {json.dumps(row)}"
            if row["noun"] == "inbox" and row["data"]["body"]:
                yield f"body of {pk}", zlib.decompress(b64decode(row["data"]["body"])).decode()
        yield "events", json.dumps(self.store.events)
        yield "queues", json.dumps(self.runtime.queues.sent)  # type: ignore[attr-defined]
        for key, (body, _) in self.runtime.files.kept.items():  # type: ignore[attr-defined]
            yield key, body.decode()
