"""The built-in templates, as data. One row is one message in both channels.

`sms` is plain text. An e-mail is a subject, paragraphs, and at most one button, from which both its text and its HTML
part are made. Values come from the merge fields of `templates.FIELDS` only. Marketing texts say who sends and how to
stop; whatever invites to refer says that the advocate gets a reward (16 CFR 255.5, rules.md "disclosure").
The public review link stands in no message: it is on the page behind the question, the same for every score.
"""

from dataclasses import dataclass

from moref.messaging.model import MessageClass

STOP_LINE = "Reply STOP to opt out."


@dataclass(frozen=True, slots=True)
class Template:
    kind: MessageClass
    sms: str = ""  # empty: this template has no SMS form
    subject: str = ""  # empty: no e-mail form
    paragraphs: tuple[str, ...] = ()
    button: str = ""  # words of the button that leads to `link`
    details: bool = False  # staff mail: every further field is printed as "Name: value"


TEMPLATES: dict[str, Template] = {
    "ask": Template(
        kind="marketing",
        sms=(
            "Hi {{ first_name }}, this is {{ company }}. How did your move go? "
            "Tell us with a score from 1 to 5: {{ link }} " + STOP_LINE
        ),
        subject="How did your move go, {{ first_name }}?",
        paragraphs=(
            "Hi {{ first_name }},",
            "thank you for choosing {{ company }}. How did it go? A score from 1 to 5 takes ten seconds and goes "
            "straight to the people who can act on it.",
        ),
        button="Give a score",
    ),
    "invite": Template(
        kind="marketing",
        sms=(
            "{{ first_name }}, thanks for the kind score! Know someone who is moving? Share your {{ company }} link: "
            "{{ link }} You get a reward when a friend you refer moves with us. " + STOP_LINE
        ),
        subject="Your personal {{ company }} link",
        paragraphs=(
            "Hi {{ first_name }},",
            "thank you for the kind score! If you know someone who is moving, share your personal link with them: "
            "{{ link }}",
            "You get a reward when a friend you refer moves with us; please tell your friends so when you share it.",
        ),
        button="Open my link",
    ),
    "remind": Template(
        kind="marketing",
        sms=(
            "Hi {{ first_name }}, {{ company }} again: your personal link is ready for friends who move: {{ link }} "
            "You get a reward when one you refer moves with us. " + STOP_LINE
        ),
        subject="Your {{ company }} link is still here",
        paragraphs=(
            "Hi {{ first_name }},",
            "a short reminder, the only one: your personal link for friends who move is {{ link }}",
            "You get a reward when a friend you refer moves with us; please tell your friends so when you share it.",
        ),
        button="Open my link",
    ),
    "reward": Template(
        kind="service",
        sms=(
            "{{ first_name }}, thank you from {{ company }}! Someone you referred moved with us, so your {{ amount }} "
            "gift card is on its way by e-mail or text."
        ),
        subject="Thank you: your {{ amount }} gift card is on its way",
        paragraphs=(
            "Hi {{ first_name }},",
            "someone you referred moved with {{ company }}. Thank you! Your {{ amount }} gift card is on its way to "
            "you in a separate message.",
        ),
    ),
    "low_score": Template(
        kind="staff",
        subject="Score {{ score }} of 5 at {{ company }}",
        paragraphs=("A customer gave a score of {{ score }} of 5. Please get in touch with them.",),
        details=True,
    ),
    "reply_received": Template(
        kind="staff",
        subject="A customer replied to {{ company }}",
        paragraphs=(
            "A customer answered one of our texts. Automatic marketing to them is paused until staff have read it.",
        ),
        details=True,
    ),
    "lead_not_accepted": Template(
        kind="staff",
        subject="New referral lead for {{ company }}",
        paragraphs=(
            "A referred customer asked for a quote and the CRM has not taken the lead. Please call them; "
            "we keep trying.",
        ),
        details=True,
    ),
    "lead_failed": Template(
        kind="staff",
        subject="A referral lead did not reach the CRM of {{ company }}",
        paragraphs=("We have stopped trying to hand this lead to the CRM. Please enter it by hand.",),
        details=True,
    ),
    "payout_needs_person": Template(
        kind="staff",
        subject="A reward of {{ company }} needs a decision",
        paragraphs=("A reward could not be paid and trying again will not help until somebody acts.",),
        details=True,
    ),
    "stop_confirmed": Template(
        kind="keyword",
        sms="{{ company }}: you are unsubscribed and will get no more texts from us. Reply START to undo.",
    ),
    "start_confirmed": Template(
        kind="keyword",
        sms="{{ company }}: you will get texts from us again. " + STOP_LINE + " Reply HELP for help.",
    ),
    "help": Template(
        kind="keyword",
        sms="{{ company }}: texts about your move and referrals. Questions? {{ contact }} " + STOP_LINE,
    ),
}
