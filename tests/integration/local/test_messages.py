"""Every SMS and e-mail is listed in order, for programs and for people."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.sandbox.messages import page


def _sms(body: str, **more: str) -> dict[str, object]:
    return {
        "at": "2026-11-20T15:30:00+00:00",
        "channel": "sms",
        "to": "+12025550123",
        "from": "+12025550100",
        "subject": None,
        "body": body,
        "status": "delivered",
        **more,
    }


def test_links_can_be_followed_and_nothing_else_is_markup() -> None:
    text = page(
        [_sms("See https://a.example/r/X?a=1&b=2. <script>alert(1)</script>")], datetime(2026, 11, 20, tzinfo=UTC)
    )
    assert '<a href="https://a.example/r/X?a=1&amp;b=2">' in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_html_mail_is_shown_in_a_sandbox() -> None:
    text = page([_sms("plain", html='<b onclick="x">hi</b>')], datetime(2026, 11, 20, tzinfo=UTC))
    assert "<iframe sandbox=" in text
    assert '<b onclick="x">' not in text


@pytest.mark.cloud
def test_simple_and_raw_mail_and_texts_appear_in_order(probe: Cloud) -> None:
    ses = probe.boto("sesv2")
    for identity in ("shop@example.com", "shop2@example.com"):
        ses.create_email_identity(EmailIdentity=identity)
    body = {"Text": {"Data": "Plain ü"}, "Html": {"Data": "<p>Rich</p>"}}
    headers = [{"Name": "List-Unsubscribe", "Value": "<https://a.example/u/1>"}]
    ses.send_email(
        FromEmailAddress="Shop <shop@example.com>",
        Destination={"ToAddresses": ["ada@example.com"]},
        Content={"Simple": {"Subject": {"Data": "First"}, "Body": body, "Headers": headers}},
    )
    account = {"account_sid": "AC1", "auth_token": "t", "numbers": ["+12025550100"]}
    assert requests.post(f"{probe.desk}/_register", json={"vendor": "twilio", **account}, timeout=30).ok
    sent = requests.post(
        f"{probe.desk}/twilio/2010-04-01/Accounts/AC1/Messages.json",
        data={"From": "+12025550100", "To": "+12025550123", "Body": "Second"},
        auth=("AC1", "t"),
        timeout=30,
    )
    assert sent.status_code in (201, 400)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop2@example.com", "Ada <ada@example.com>", "Third ü"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Plain raw ü")
    mail.add_alternative("<p>Rich raw</p>", subtype="html")
    ses.send_email(Content={"Raw": {"Data": mail.as_bytes()}})

    messages = requests.get(f"{probe.desk}/messages.json", timeout=30).json()
    assert [message["at"] for message in messages] == sorted(message["at"] for message in messages)
    mails = [message for message in messages if message["channel"] == "email"]
    first, third = mails[0], mails[-1]
    assert (first["subject"], first["to"], first["body"], first["html"]) == (
        "First",
        "ada@example.com",
        "Plain ü",
        "<p>Rich</p>",
    )
    assert first["headers"]["List-Unsubscribe"] == "<https://a.example/u/1>"
    assert (third["subject"], third["to"], third["from"]) == ("Third ü", "ada@example.com", "shop2@example.com")
    assert third["body"].strip() == "Plain raw ü"
    assert third["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = requests.get(f"{probe.desk}/messages", timeout=30).text
    assert "First" in text
    assert "Plain raw ü" in text
