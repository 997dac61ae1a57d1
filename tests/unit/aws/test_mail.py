"""What SES answers says what to do with the message."""

import pytest
from botocore.exceptions import ClientError

from moref.aws import mail
from moref.aws.mail import SesMail
from moref.kernel.errors import Failure, NeedsPerson, OutcomeUnknown, Permanent, Retry


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyRequestsException", Retry),
        ("LimitExceededException", Retry),
        ("MessageRejected", Permanent),
        ("BadRequestException", Permanent),
        ("SendingPausedException", NeedsPerson),
        ("MailFromDomainNotVerifiedException", NeedsPerson),
        ("AccessDeniedException", NeedsPerson),
        ("InternalServiceErrorException", OutcomeUnknown),
        ("NeverSeenBefore", OutcomeUnknown),
    ],
)
def test_an_answer_is_a_kind_of_failure(code: str, kind: type[Failure], monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def send_email(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "to ann@example.com"}}, "SendEmail")

    monkeypatch.setattr(mail, "client", lambda service, *, attempts: Refusing())
    with pytest.raises(Failure) as caught:
        SesMail("local", "no-reply@moref.example").send(to="ann@example.com", subject="s", text="t")
    assert type(caught.value) is kind
    assert "ann@" not in str(caught.value)
