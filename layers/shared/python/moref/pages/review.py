"""/review/{token}: the score a customer gives after a job. A GET records nothing.

After any score the page shows the same public review link, in the same words (rules.md "Reviews").
"""

from moref import records
from moref.campaigns.give_feedback import MAX_COMMENT, feedback_id, give_feedback
from moref.campaigns.model import Enrollment, Feedback
from moref.intake.model import Contact
from moref.kernel.errors import BadInput
from moref.pages.base import Form, Response, not_found, render, see_other, text_field
from moref.pages.logo import brand
from moref.pages.tokens import find_token
from moref.pages.words import words
from moref.runtime import Runtime
from moref.tenants.model import Location

_SCORES = frozenset("12345")


def get(runtime: Runtime, token: str) -> Response:
    """The question, or what follows once it is answered; 404 for a token that leads nowhere."""
    found = _journey(runtime, token)
    if found is None:
        return not_found()
    enrollment, location = found
    id = feedback_id(enrollment.organization_id, enrollment.id)
    feedback = runtime.store.find(Feedback, enrollment.organization_id, id)
    language = _language(runtime, enrollment)
    return _question(location, language) if feedback is None else _thanks(location, language, feedback)


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """Takes score and comment. The first score counts; sending again adds to the comment."""
    found = _journey(runtime, token)
    if found is None:
        return not_found()
    enrollment, location = found
    language = _language(runtime, enrollment)
    comment = text_field(form, "comment", MAX_COMMENT)
    score = form.get("score", "")
    try:
        if score not in _SCORES:
            raise BadInput("choose a score from 1 to 5", field="score")
        give_feedback(runtime, enrollment.organization_id, enrollment.id, score=int(score), comment=comment)
    except BadInput:
        return _question(location, language, status=422, problem=True, comment=comment)
    return see_other(f"/review/{token}")


def _journey(runtime: Runtime, token: str) -> tuple[Enrollment, Location] | None:
    leads_to = find_token(runtime, token, "review")
    if leads_to is None:
        return None
    enrollment = runtime.store.find(Enrollment, leads_to.owner_id, leads_to.subject_id)
    if enrollment is None or _erased(runtime, enrollment):
        return None
    return enrollment, records.get(runtime.store, Location, enrollment.organization_id, enrollment.location_id)


def _erased(runtime: Runtime, enrollment: Enrollment) -> bool:
    contact = runtime.store.find(Contact, enrollment.organization_id, enrollment.contact_id)
    return contact is not None and contact.erased_at is not None


def _language(runtime: Runtime, enrollment: Enrollment) -> str:
    contact = runtime.store.find(Contact, enrollment.organization_id, enrollment.contact_id)
    return contact.language if contact is not None else "en"


def _question(
    location: Location, language: str, *, status: int = 200, problem: bool = False, comment: str = ""
) -> Response:
    texts = words("review", language, company=location.name)
    return render(
        "review.html",
        status=status,
        title=texts["title"],
        lang=language,
        t=texts,
        problem=problem,
        comment=comment,
        limit=MAX_COMMENT,
        **brand(location),
    )


def _thanks(location: Location, language: str, feedback: Feedback) -> Response:
    texts = words("review", language, company=location.name)
    return render(
        "review_thanks.html",
        title=texts["thanks"],
        lang=language,
        t=texts,
        review_url=location.review_url,
        score=feedback.score,
        may_add=len(feedback.comment) < MAX_COMMENT - 100,
        limit=MAX_COMMENT,
        **brand(location),
    )
