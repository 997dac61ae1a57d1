"""What SES and SendGrid are asked, held to their own descriptions, and what their answers mean."""

import json
import socket
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest

from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Retry
from moref.messaging.channels import sendgrid, ses
from moref.messaging.channels.base import Account, Outgoing, Refused
from tests.contract.vendor_server import Answer, serving
from tests.fakes.runtime import fake_runtime
from tests.shared_specs import shared_vendor

MAIL = Outgoing(
    to="ann@example.com", sender="Bluebird Moving Zürich", subject="Wie war's? ☃", body="Hallo 李",
    html="<p>Hallo 李</p>", reply_to="branch@example.com", organization_id="org_1", message_id="msg_1", template="ask",
    headers={"List-Unsubscribe": "<https://go.example.test/u/t>", "List-Unsubscribe-Post": "One-Click"},
)  # fmt: skip
OWN = Account(secret={"api_key": "SG.key"}, config={"from_email": "hello@bluebird.example.com"}, hook_token="tok")


# SendGrid


def asked(account: Account = OWN, mail: Outgoing = MAIL) -> dict[str, Any]:
    """The body that was posted, once it is found to be as SendGrid's own description says."""
    with serving("sendgrid") as (server, runtime):
        server.answer, server.headers = (202, b""), {"X-Message-Id": "14c5d75ce93.dfd.64b469"}
        assert sendgrid.send(runtime, account, mail) == "14c5d75ce93.dfd.64b469"
    ((method, path, headers, body),) = server.seen
    assert (method, headers["authorization"]) == ("POST", "Bearer SG.key")
    content = json.loads((shared_vendor("sendgrid") / "openapi.json").read_text())
    OpenAPI.from_dict(content, config=Config(spec_validator_cls=None)).validate_request(
        MockRequest(
            "https://api.sendgrid.com", "post", path.removeprefix("/sendgrid"),
            headers={"authorization": headers["authorization"]}, data=body, content_type="application/json",
        )
    )  # fmt: skip
    found: dict[str, Any] = json.loads(body)
    return found


def test_sendgrid_gets_our_words_our_ids_and_the_one_click_header() -> None:
    body = asked()
    ours = {"moref_organization": "org_1", "moref_message": "msg_1"}
    assert body["personalizations"] == [{"to": [{"email": "ann@example.com"}], "custom_args": ours}]
    assert body["from"] == {"email": "hello@bluebird.example.com", "name": "Bluebird Moving Zürich"}
    assert body["reply_to"] == {"email": "branch@example.com"}
    assert (body["subject"], body["headers"]) == ("Wie war's? ☃", dict(MAIL.headers))
    assert body["content"] == [
        {"type": "text/plain", "value": "Hallo 李"}, {"type": "text/html", "value": "<p>Hallo 李</p>"}
    ]  # fmt: skip
    assert body["categories"] == ["ask"]
    tracking = body["tracking_settings"]
    assert (tracking["click_tracking"]["enable"], tracking["subscription_tracking"]["enable"]) == (False, False)
    assert "asm" not in body


def test_a_dynamic_template_gets_the_words_as_its_data() -> None:
    body = asked(replace(OWN, config={**OWN.config, "template_id": "d-" + "a" * 32, "click_tracking": "yes"}))
    assert body["template_id"] == "d-" + "a" * 32
    data = body["personalizations"][0]["dynamic_template_data"]
    assert (data["subject"], data["text"], data["html"]) == (MAIL.subject, MAIL.body, MAIL.html)
    assert body.keys().isdisjoint({"content", "subject"})
    assert body["tracking_settings"]["click_tracking"]["enable"] is True


def test_a_mail_without_html_reply_address_or_headers_is_valid_too() -> None:
    body = asked(mail=Outgoing(to="staff@example.com", sender="", subject="s", body="t"))
    assert body["from"]["name"] == "hello@bluebird.example.com"
    assert body.keys().isdisjoint({"headers", "reply_to"})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((429, b""), Retry),
        ((401, b"{}"), NeedsPerson),
        (
            (403, b'{"errors": [{"message": "not a verified Sender Identity"}]}'),
            NeedsPerson,
        ),
        ((400, b"{}"), Refused),
        ((413, b""), Refused),
        ((500, b""), OutcomeUnknown),
        ((503, b""), OutcomeUnknown),
        ((200, b"{}"), OutcomeUnknown),
        ((302, b""), OutcomeUnknown),
        ((202, b""), OutcomeUnknown),  # taken, and no id told: its events carry ours
        ("cut", OutcomeUnknown),
        ("reset", OutcomeUnknown),
        ("closed", OutcomeUnknown),
    ],
)
def test_each_kind_of_sendgrids_answers_says_what_may_be_done_next(answer: Answer | str, kind: type[Exception]) -> None:
    with serving("sendgrid") as (server, runtime):
        server.answer = answer
        with pytest.raises(kind):
            sendgrid.send(runtime, OWN, MAIL)
        assert len(server.seen) == 1, "nothing is repeated by itself"


def test_nobody_listening_at_sendgrid_means_surely_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    runtime = fake_runtime(vendor_urls=json.dumps({"sendgrid": f"http://127.0.0.1:{port}"}))
    with pytest.raises(Retry):
        sendgrid.send(runtime, OWN, MAIL)


# SES


class Ses:
    """Takes a mail once its parameters are found to be as the service's own model says, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        model = ServiceModel(json.loads((shared_vendor("ses") / "service-2.sesv2.trimmed.json").read_text()), "sesv2")
        self._shape = model.operation_model("SendEmail").input_shape
        self._error = error
        self.asked: list[dict[str, Any]] = []

    def send_email(self, **values: Any) -> dict[str, str]:
        report = ParamValidator().validate(values, self._shape)
        assert not report.has_errors(), report.generate_report()
        self.asked.append(values)
        if self._error is not None:
            raise self._error
        return {"MessageId": "0100-ses"}


def told(code: str, message: str = "x") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendEmail")


def test_ses_gets_our_ids_as_tags_and_the_one_click_header(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Ses()
    monkeypatch.setattr("moref.aws.mail._one_attempt", lambda: service)
    assert ses.send(fake_runtime(), Account(), MAIL) == "0100-ses"
    (values,) = service.asked
    tags = {tag["Name"]: tag["Value"] for tag in values["EmailTags"]}
    assert tags == {"organization": "org_1", "message": "msg_1"}
    assert values["ConfigurationSetName"] == "moref-local-mail"
    headers = {each["Name"]: each["Value"] for each in values["Content"]["Simple"]["Headers"]}
    assert headers == dict(MAIL.headers)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (told("MessageRejected", "Email address is not verified. The following identities failed: x@y"), NeedsPerson),
        (told("MailFromDomainNotVerifiedException"), NeedsPerson),
        (told("AccountSuspendedException"), NeedsPerson),
        (told("SendingPausedException"), NeedsPerson),
        (told("MessageRejected", "Illegal address"), Refused),
        (told("BadRequestException"), Refused),
        (told("TooManyRequestsException"), Retry),
        (told("InternalServiceErrorException"), OutcomeUnknown),
    ],
)
def test_each_kind_of_ses_answers_says_what_may_be_done_next(
    error: ClientError, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Ses(error)
    monkeypatch.setattr("moref.aws.mail._one_attempt", lambda: service)
    with pytest.raises(kind):
        ses.send(fake_runtime(), Account(), MAIL)
    assert len(service.asked) == 1
