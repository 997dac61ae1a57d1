"""/review/{token}: the score a customer gives after a job. A GET records nothing.

After any score the page shows the same public review link, in the same words (rules.md "Reviews").
"""

from moref import records
from moref.campaigns.give_feedback import MAX_COMMENT, feedback_id, give_feedback
from moref.campaigns.model import Enrollment, Feedback
from moref.kernel.errors import BadInput
from moref.pages.base import Form, Response, not_found, render, see_other, text_field
from moref.pages.tokens import find_token
from moref.runtime import Runtime
from moref.tenants.model import Location

_SCORES = ((5, "Excellent"), (4, "Good"), (3, "Okay"), (2, "Poor"), (1, "Very poor"))


def get(runtime: Runtime, token: str) -> Response:
    """The question, or what follows once it is answered; 404 for a token that leads nowhere."""
    found = _journey(runtime, token)
    if found is None:
        return not_found()
    enrollment, location = found
    id = feedback_id(enrollment.organization_id, enrollment.id)
    feedback = runtime.store.find(Feedback, enrollment.organization_id, id)
    return _question(location) if feedback is None else _thanks(location, feedback)


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """Takes score and comment. The first score counts; sending again adds to the comment."""
    found = _journey(runtime, token)
    if found is None:
        return not_found()
    enrollment, location = found
    comment = text_field(form, "comment", MAX_COMMENT)
    score = form.get("score", "")
    try:
        if score not in {str(number) for number, _ in _SCORES}:
            raise BadInput("Please choose a score from 1 to 5.", field="score")
        give_feedback(runtime, enrollment.organization_id, enrollment.id, score=int(score), comment=comment)
    except BadInput:
        return _question(location, status=422, problem="Please choose one of the five answers.", comment=comment)
    return see_other(f"/review/{token}")


def _journey(runtime: Runtime, token: str) -> tuple[Enrollment, Location] | None:
    leads_to = find_token(runtime, token, "review")
    if leads_to is None:
        return None
    enrollment = runtime.store.find(Enrollment, leads_to.owner_id, leads_to.subject_id)
    if enrollment is None:
        return None
    return enrollment, records.get(runtime.store, Location, enrollment.organization_id, enrollment.location_id)


def _question(location: Location, *, status: int = 200, problem: str = "", comment: str = "") -> Response:
    return render(
        "review.html",
        status=status,
        title="How did it go?",
        company=location.name,
        scores=_SCORES,
        problem=problem,
        comment=comment,
        limit=MAX_COMMENT,
    )


def _thanks(location: Location, feedback: Feedback) -> Response:
    return render(
        "review_thanks.html",
        title="Thank you!",
        company=location.name,
        review_url=location.review_url,
        score=feedback.score,
        may_add=len(feedback.comment) < MAX_COMMENT - 100,
        limit=MAX_COMMENT,
    )
