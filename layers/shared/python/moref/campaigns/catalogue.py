"""The ready-made campaigns, as data. An organization has them from its first day and may change each (campaigns.model).

Nothing here carries the public review link: it stands on the page behind `ask`, the same for every score.
"""

from dataclasses import dataclass
from typing import Any, Literal

from moref.campaigns.definition import Definition

REVIEW_COLLECTION, REFERRAL_REQUEST, WIN_BACK = "review_collection", "referral_request", "win_back"
FOLLOW_UP_CLICKED, FOLLOW_UP_QUOTED = "follow_up_clicked", "follow_up_quoted"
PARTNER_NURTURE = "partner_nurture"
MAX_AGE_HOURS = 72  # what is heard of later than this starts nothing (rules.md "old jobs")


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """`status` is what it has as long as nobody said otherwise."""

    name: str
    words: str
    status: Literal["active", "paused"]
    definition: Definition


def _made(words: str, status: Literal["active", "paused"], /, **definition: Any) -> ReadyMade:
    return ReadyMade("", words, status, Definition.model_validate(definition))


_ROWS: dict[str, ReadyMade] = {
    REVIEW_COLLECTION: _made(
        "Review collection", "active",
        trigger={"kind": "job_completed"},
        first="delay",
        steps={
            "delay": {"kind": "wait", "setting": "ask_delay_minutes", "next": "ask"},
            "ask": {"kind": "send", "template": "ask", "next": "answer"},
            "answer": {"kind": "wait", "setting": "no_score_after_days", "until": "answered", "next": "answered"},
            "answered": {
                "kind": "branch",
                "cases": [
                    {"when": {"answered": True}},
                    {"when": {"setting": "remind_without_score"}, "next": "ask_again"},
                    {"when": {"setting": "invite_without_score"}, "next": "invite_without_score"},
                ],
            },
            "ask_again": {"kind": "send", "template": "ask_again", "next": "answer_again"},
            "answer_again": {
                "kind": "wait", "setting": "no_score_after_days", "until": "answered", "next": "still_silent",
            },
            "still_silent": {
                "kind": "branch",
                "cases": [
                    {"when": {"answered": True}},
                    {"when": {"setting": "invite_without_score"}, "next": "invite_without_score"},
                ],
            },
            "invite_without_score": {"kind": "send", "template": "invite_without_score"},
        },
    ),
    REFERRAL_REQUEST: _made(
        "Referral request", "active",
        trigger={"kind": "feedback_given", "when": {"happy": True}},
        first="invite",
        steps={
            "invite": {"kind": "send", "template": "invite", "next": "click"},
            "click": {"kind": "wait", "setting": "remind_after_days", "until": "clicked", "next": "clicked"},
            "clicked": {"kind": "branch", "cases": [{"when": {"clicked": True}}], "otherwise": "remind"},
            "remind": {"kind": "send", "template": "remind"},
        },
    ),
    FOLLOW_UP_CLICKED: _made(
        "Follow-up: clicked, no quote", "paused",
        trigger={"kind": "link_clicked"},
        first="quote",
        steps={
            "quote": {"kind": "wait", "days": 3, "until": "quoted", "next": "quoted"},
            "quoted": {"kind": "branch", "cases": [{"when": {"quoted": True}}], "otherwise": "nudge"},
            "nudge": {"kind": "send", "template": "nudge_advocate"},
        },
    ),
    FOLLOW_UP_QUOTED: _made(
        "Follow-up: quote, not booked", "paused",
        trigger={"kind": "quoted"},
        first="book",
        steps={
            "book": {"kind": "wait", "days": 2, "until": "booked", "next": "booked"},
            "booked": {"kind": "branch", "cases": [{"when": {"booked": True}}], "otherwise": "nudge"},
            "nudge": {"kind": "send", "template": "nudge_friend"},
        },
    ),
    WIN_BACK: _made(
        "Win back unhappy customers", "active",
        trigger={"kind": "feedback_given", "when": {"happy": False}},
        first="call",
        steps={
            # The e-mail about the low score goes out by itself (campaigns.tell_staff).
            "call": {
                "kind": "task", "mail": False, "next": "message_too",
                "words": "Call this customer: their score was low. Listen, put it right, and note what was agreed.",
            },
            "message_too": {
                "kind": "branch", "cases": [{"when": {"setting": "win_back_message"}, "next": "let_staff_call"}],
            },
            "let_staff_call": {"kind": "wait", "setting": "win_back_after_days", "next": "make_it_right"},
            "make_it_right": {"kind": "send", "template": "make_it_right"},
        },
    ),
    PARTNER_NURTURE: _made(
        "Partner nurture", "paused",
        trigger={"kind": "partner_onboarded"},
        first="welcome",
        steps={
            "welcome": {"kind": "send", "template": "partner_welcome", "next": "settle_in"},
            "settle_in": {"kind": "wait", "days": 7, "next": "weekday"},
            "weekday": {"kind": "wait", "at": "10:00", "weekdays": ["tue", "wed", "thu"], "next": "tips"},
            "tips": {"kind": "send", "template": "partner_tips"},
        },
    ),
}  # fmt: skip
CATALOGUE = {name: ReadyMade(name, row.words, row.status, row.definition) for name, row in _ROWS.items()}
