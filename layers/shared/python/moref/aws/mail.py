"""Sending an e-mail through SES."""

from collections.abc import Mapping
from typing import Any

from moref.aws.clients import client, error_code
from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Permanent, Retry
from moref.kernel.names import MAIL_CONFIGURATION, resource

_WAIT = {"TooManyRequestsException", "ThrottlingException", "LimitExceededException", "Throttling"}
_PERSON = {"AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException", "AccessDenied"}
_PERSON |= {"AccessDeniedException", "NotFoundException"}
_NEVER = {"MessageRejected", "BadRequestException"}
_NOT_VERIFIED = "is not verified"  # "Email address is not verified. The following identities failed the check ..."


class SesMail:
    """`stage` names the configuration set; `sender` is a verified address, used unless a message brings its own."""

    def __init__(self, stage: str, sender: str) -> None:
        self._configuration = resource(stage, MAIL_CONFIGURATION)
        self._sender = sender

    def send(
        self,
        *,
        to: str,
        subject: str,
        text: str,
        html: str | None = None,
        sender_name: str | None = None,
        reply_to: str | None = None,
        headers: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """The provider's message id. `headers`: List-Unsubscribe and the like; `tags` come back with SES's events.

        Raises Retry (SES never took it: throttled), NeedsPerson (sending is paused, sender not verified), Permanent
        (refused), OutcomeUnknown (the answer was lost: SES has no idempotency key, so it may have gone).
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = _one_attempt().send_email(
                FromEmailAddress=f'"{_quoted(sender_name)}" <{self._sender}>' if sender_name else self._sender,
                Destination={"ToAddresses": [to]},
                ConfigurationSetName=self._configuration,
                Content={"Simple": _content(subject, text, html, headers or {})},
                **({"ReplyToAddresses": [reply_to]} if reply_to else {}),
                **({"EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()]} if tags else {}),
            )
        except ClientError as error:
            raise _kind(error) from None
        except BotoCoreError as error:
            if _never_sent(error):
                raise Retry("SES could not be reached", seconds=30) from None
            raise OutcomeUnknown("SES did not answer") from None
        return str(answer["MessageId"])


def _one_attempt() -> Any:
    """No repeats by the SDK: after a lost answer they would send the mail twice."""
    return client("sesv2", attempts=1)


def _content(subject: str, text: str, html: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
    body = {"Text": {"Data": text, "Charset": "UTF-8"}}
    if html is not None:
        body["Html"] = {"Data": html, "Charset": "UTF-8"}
    content: dict[str, Any] = {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": body}
    if headers:
        content["Headers"] = [{"Name": name, "Value": value} for name, value in headers.items()]
    return content


def _kind(error: Exception) -> Exception:
    code = error_code(error)
    if code == "MessageRejected" and _NOT_VERIFIED in str(error):  # the message is good, our sender is not yet
        return NeedsPerson("SES: the sender is not verified")
    if code in _WAIT:
        return Retry("SES asks to wait", seconds=60)
    if code in _PERSON:
        return NeedsPerson(f"SES: {code}")
    if code in _NEVER:
        return Permanent(f"SES refused: {code}")
    return OutcomeUnknown(f"SES: {code}")


def _never_sent(error: Exception) -> bool:
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

    return isinstance(error, ConnectTimeoutError | EndpointConnectionError | NoCredentialsError)


def _quoted(name: str) -> str:
    """A display name inside quotes; a line break would start another header."""
    clean = "".join(character for character in name if character.isprintable())
    return clean.replace("\\", "").replace('"', "'")
