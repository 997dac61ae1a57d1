"""The story the demo tells, and checks as it goes: one customer's reward, and the ways it goes wrong."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.demo.driver import Driver, check, link_in
from infra.local.demo.timeline import Timeline

ZONE = "America/Chicago"
AUSTIN = {"city": "Austin", "state": "TX", "postal_code": "78701"}
PEOPLE = {
    "maria": ("Maria", "Lopez", "+15125550101", "maria@example.com"),
    "ben": ("Ben", "Ode", "+15125550102", "ben@example.com"),
    "carla": ("Carla", "Ruiz", "+15125550103", None),
    "dan": ("Dan", "Kim", "+15125550104", "dan@example.com"),
    "erin": ("Erin", "Fay", "+15125550105", "erin@example.com"),
    "olivia": ("Olivia", "Stone", "+15125550199", "olivia@example.com"),
}
CONSENT_TEXT = "I agree to get texts about my move and offers."


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Story:
    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        people = {value: row[0] for row in PEOPLE.values() for value in row[2:] if value}
        self.line = Timeline(driver, ZONE, people | {driver.outputs["staff_email"]: "the branch"})
        self.links: dict[str, str] = {}

    def tell(self) -> None:
        self.begin()
        self.jobs_completed()
        self.scores()
        self.invitations()
        self.neighbour_asks_for_a_quote()
        self.reminder()
        self.booked_and_invoiced()
        self.approval_and_payout()
        self.closing()

    # -- chapters

    def begin(self) -> None:
        local = self.driver.now().astimezone(ZoneInfo(ZONE))
        days = (1 - local.weekday()) % 7 or 7
        start = datetime.combine(local.date() + timedelta(days=days), time(10), local.tzinfo)
        self.driver.move_to(start)
        self.line.chapter("A Tuesday, 10:00 at the branch: the CRM reports five finished moves")

    def jobs_completed(self) -> None:
        for who in ("ben", "carla", "dan", "erin"):
            self.post_job(who, f"J-{who}", ["booked", "completed"])
        for _ in range(3):
            self.post_job("maria", "J-maria", ["booked", "completed"], id="msg_maria_completed")
        self.line.note("CRM", "posts 'completed' for Maria (three times: its retries), Ben, Carla, Dan and Erin")
        self.driver.wait_for("five jobs", lambda: len(self.driver.items("/jobs")) == 5)
        self.line.chapter("Two hours later: how did it go?")
        self.driver.move(2 * 3600 + 120)
        for who in ("maria", "ben", "carla", "erin"):
            self.driver.message(self.phone(who), "/review/")
        self.driver.message(PEOPLE["dan"][3] or "", "/review/")
        check(len(self.driver.messages(self.phone("maria"))) == 1, "Maria is asked once, not three times")

    def scores(self) -> None:
        self.line.chapter("They answer on their phones")
        review = self.review_link("ben", PEOPLE["ben"][2])
        self.score("ben", review, "2", "Two boxes were crushed and nobody called back.")
        self.driver.reply_by_sms(self.phone("carla"), "STOP")
        self.line.note("Carla", "replies STOP")
        self.driver.wait_for(
            "one confirmation of the opt-out", lambda: len(self.driver.messages(self.phone("carla"))) == 2
        )
        self.score("carla", self.review_link("carla", PEOPLE["carla"][2]), "5", "")
        self.score("maria", self.review_link("maria", PEOPLE["maria"][2]), "5", "Careful and on time!")
        self.score("dan", self.review_link("dan", PEOPLE["dan"][3] or ""), "5", "")
        self.score("erin", self.review_link("erin", PEOPLE["erin"][2]), "4", "")
        self.driver.message(self.driver.outputs["staff_email"], "Ben")

    def invitations(self) -> None:
        self.line.chapter("The happy ones are invited; the unhappy one is not, and Carla is left alone")
        self.driver.move(1800)
        for who, address in (("maria", self.phone("maria")), ("erin", self.phone("erin"))):
            self.links[who] = link_in(self.driver.message(address, "/r/")["body"], "/r/")
        self.links["dan"] = link_in(self.driver.message(PEOPLE["dan"][3] or "", "/r/")["body"], "/r/")
        skipped = self.driver.wait_for(
            "Carla's invitation skipped", lambda: self.driver.items("/messages", status="skipped")
        )
        self.line.note("Mo-ref", f"does not invite Carla; the message is kept as skipped: {skipped[0]['reason']}")
        check(len(self.driver.messages(self.phone("carla"))) == 2, "nothing is sent to Carla after her STOP")
        check(not any("/r/" in m["body"] for m in self.driver.messages(self.phone("ben"))), "Ben is not asked to refer")

    def neighbour_asks_for_a_quote(self) -> None:
        self.line.chapter("Maria shares her link; a neighbour asks for a quote")
        self.driver.open(self.links["maria"], **{"user-agent": "WhatsApp/2.23.20.0 A"})
        answer = self.driver.open(self.links["maria"], **{"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
        check(answer.status_code == 302, f"the link redirects: {answer.status_code}")
        form = answer.headers["location"]
        self.line.note("Olivia", f"opens Maria's link and is sent to {form}")
        first, last, phone, email = PEOPLE["olivia"]
        fields = {
            "name": f"{first} {last}",
            "phone": phone,
            "email": email or "",
            "origin": "78702",
            "destination": "78745",
        }
        done = self.driver.submit(form, consent="yes", **fields)
        check(done.status_code == 303, f"the quote is taken: {done.status_code} {done.text[:300]}")
        self.line.note("Olivia", "fills in the quote form and agrees to texts")
        answer = self.driver.open(self.links["dan"], **{"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
        first, last, phone, email = PEOPLE["dan"]
        fields = {"name": "D. Kim", "phone": phone, "email": "", "origin": "78701", "destination": "78704"}
        done = self.driver.submit(answer.headers["location"], consent="yes", **fields)
        check(done.status_code == 303, "Dan's own quote is taken")
        self.line.note("Dan", "opens his own link and asks for a quote with his own phone number")
        leads = self.driver.wait_for(
            "both leads handed to the CRM", lambda: len(self.driver.vendor_requests("crm")) == 2 or None
        )
        check(bool(leads), "leads")
        self.line.note("CRM", "receives both leads, signed")
        clicks = self.driver.wait_for("one click counted", lambda: self.link_of("maria")["clicks"])
        check(clicks == 1, f"the WhatsApp preview does not count: {clicks}")

    def reminder(self) -> None:
        self.line.chapter("Three days later: Erin has not shared hers; one reminder, to her alone")
        self.driver.move(3 * 86400 + 3600)
        self.driver.wait_for(
            "Erin's reminder", lambda: sum("/r/" in m["body"] for m in self.driver.messages(self.phone("erin"))) == 2
        )
        asked = sum("/r/" in m["body"] for m in self.driver.messages(self.phone("maria")))
        check(asked == 1, "Maria's link was clicked: no reminder")

    def booked_and_invoiced(self) -> None:
        self.line.chapter("A week later the CRM reports the neighbour's move, out of order and twice over")
        self.driver.move(4 * 86400)
        base = self.driver.now() - timedelta(hours=30)
        facts = {"booked": base, "completed": base + timedelta(hours=5), "invoiced": base + timedelta(hours=9)}
        for kind in ("invoiced", "booked", "completed", "invoiced", "booked"):
            self.post_job("olivia", "J-olivia", [], extra=[self.fact(kind, facts[kind])], id=f"msg_olivia_{kind}")
        self.line.note("CRM", "posts invoiced, booked, completed, then invoiced and booked again")
        self.post_job("dan", "J-dan-2", ["booked", "completed", "invoiced"])
        self.line.note("CRM", "posts Dan's second move, invoiced")
        conversions = self.driver.wait_for("two conversions", self.two_conversions)
        check(sorted(c["status"] for c in conversions) == ["held", "pending"], f"one held, one pending: {conversions}")
        held = next(c for c in conversions if c["status"] == "held")
        self.line.note("Mo-ref", "holds Dan's conversion: " + "; ".join(hold["words"] for hold in held["holds"]))

    def approval_and_payout(self) -> None:
        self.line.chapter("Staff approve; the provider's answer gets lost on the way")
        conversions = self.driver.items("/conversions")
        pending = next(c for c in conversions if c["status"] == "pending")
        held = next(c for c in conversions if c["status"] == "held")
        self.driver.fault("tremendous", "lost_answer")
        answer = self.driver.api("POST", f"/conversions/{pending['id']}/approve", key="demo-approve", json={})
        check(answer.status_code == 200, f"approved: {answer.status_code} {answer.text[:300]}")
        again = self.driver.api("POST", f"/conversions/{pending['id']}/approve", key="demo-approve", json={})
        check(again.json() == answer.json(), "a second click with the same key gives the same answer")
        self.line.note("Staff", "approve the referral of Maria (the button was pressed twice)")
        reason = {"reason": "He referred himself."}
        refused = self.driver.api("POST", f"/conversions/{held['id']}/reject", json=reason)
        check(refused.status_code == 200, f"rejected: {refused.status_code} {refused.text[:300]}")
        self.line.note("Staff", "reject Dan's: he referred himself")
        self.line.note("Mo-ref", "keeps the reward back for ten minutes, in which staff may undo")
        self.driver.move(10 * 60 + 16 * 60)
        payout = self.driver.wait_for("the payout", lambda: self.payout_in("delivered"))
        self.tell_orders()
        self.line.note(
            "Provider", f"tells that order {payout['order_id']} is delivered", instant(payout["delivered_at"])
        )
        self.driver.message(self.phone("maria"), "$25")

    def tell_orders(self) -> None:
        """What was asked of the provider, as the sandbox recorded it."""
        asked = self.driver.vendor_requests("tremendous")
        ordered = [request for request in asked if request["method"] == "POST"]
        check(
            [request["fault"] for request in ordered] == ["lost_answer"], f"one order asked for, unanswered: {ordered}"
        )
        looked = [request for request in asked if request["method"] == "GET" and "/orders" in request["path"]]
        check(bool(looked), "the provider was asked what became of the order")
        said = "orders the gift card; the provider takes the order, and its answer gets lost"
        self.line.note("Mo-ref", said, instant(ordered[0]["at"]))
        said = "does not order again: it asks the provider for the order, and finds it"
        self.line.note("Mo-ref", said, instant(looked[0]["at"]))

    def closing(self) -> None:
        self.line.chapter("What is left in the books")
        orders = self.driver.orders()
        check(len(orders) == 1, f"exactly one order at the provider: {len(orders)}")
        rewards = self.driver.items("/rewards")
        check(len(rewards) == 1, f"exactly one reward: {rewards}")
        check((rewards[0]["amount"], rewards[0]["currency"]) == (2500, "USD"), f"25 dollars: {rewards}")
        check(rewards[0]["status"] == "issued", f"issued: {rewards}")
        check(len(self.driver.items("/jobs")) == 7, "seven jobs, however often they were posted")
        bad = [
            r for vendor in ("twilio", "tremendous") for r in self.driver.vendor_requests(vendor) if r["valid"] is False
        ]
        check(not bad, f"every request keeps to the vendor's description: {bad[:1]}")
        balances = self.driver.items("/ledger/balances")
        check(sum(row["amount"] for row in balances) == 0, f"debits equal credits: {balances}")
        self.line.flush()
        print("  One order, one reward of $25 to Maria, none to Dan. Ledger (minor units):")
        for row in balances:
            print(f"    {row['account']:<18} {row['amount']:>8} {row['currency']}")

    # -- small helps

    def phone(self, who: str) -> str:
        return PEOPLE[who][2]

    def two_conversions(self) -> list[dict[str, Any]] | None:
        found = self.driver.items("/conversions")
        return found if len(found) == 2 else None

    def payout_in(self, status: str) -> dict[str, Any] | None:
        found = self.driver.items("/payouts", status=status)
        return found[0] if found else None

    def link_of(self, who: str) -> dict[str, Any]:
        code = self.links[who].rsplit("/", 1)[1].replace("-", "").upper()
        found: dict[str, Any] = self.driver.api("GET", f"/links/{code}").json()
        return found

    def review_link(self, who: str, address: str) -> str:
        return link_in(self.driver.message(address, "/review/")["body"], "/review/")

    def score(self, who: str, url: str, score: str, comment: str) -> None:
        answer = self.driver.submit(url, score=score, comment=comment)
        check(answer.status_code in (200, 303), f"{who}'s score is taken: {answer.status_code}")
        said = f", '{comment}'" if comment else ""
        self.line.note(PEOPLE[who][0], f"gives {score} of 5{said}")

    def fact(self, kind: str, at: datetime, value: bool = True) -> dict[str, Any]:
        return {"kind": kind, "value": value, "at": at.isoformat()}

    def post_job(
        self, who: str, job: str, kinds: list[str], *, extra: list[dict[str, Any]] | None = None, id: str | None = None
    ) -> None:
        first, last, phone, email = PEOPLE[who]
        now = self.driver.now()
        customer: dict[str, Any] = {
            "id": f"C-{who}",
            "first_name": first,
            "last_name": last,
            "phone": phone,
            "email": email,
        }
        if who != "dan":
            consented = {"text": CONSENT_TEXT, "at": (now - timedelta(days=20)).isoformat(), "source": "booking form"}
            customer["sms_consent"] = consented
        facts = [self.fact(kind, now - timedelta(minutes=10 - place)) for place, kind in enumerate(kinds)] + (
            extra or []
        )
        data = {"job": {"id": job, "origin": AUSTIN, "destination": AUSTIN}, "customer": customer, "facts": facts}
        answer = self.driver.webhook(data, id=id)
        check(answer.status_code == 202, f"webhook taken: {answer.status_code} {answer.text[:300]}")
