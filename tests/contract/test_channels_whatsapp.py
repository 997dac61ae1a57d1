"""WhatsApp through Twilio: free text to whoever wrote within a day, approved templates to everybody else."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from moref.messaging.channels import whatsapp
from moref.messaging.channels.base import Account, Outgoing, Refused
from moref.messaging.open_door import is_open, opened
from moref.runtime import Runtime
from tests.contract.vendor_server import Server, serving
from tests.fakes.runtime import FakeClock
from tests.shared_specs import shared_vendor

SID, CONTENT = "AC" + "a" * 32, "HX" + "c" * 32
TO = "+15558675310"
ACCOUNT = Account(
    secret={"account_sid": SID, "auth_token": "12345"},
    config={"account_sid": SID, "whatsapp_sender": "+15017122661", "content.ask": f"{CONTENT} first_name link"},
    hook_token="tok",
)
ASK = Outgoing(
    to=TO, sender="+15125550100", body="Hi Zoë ☃", organization_id="org_1", message_id="msg_1", template="ask",
    fields={"first_name": "Zoë ☃", "other": "x"}, valid_seconds=600,
)  # fmt: skip


def sent_form(server: Server) -> dict[str, str]:
    """What was asked, once it is found to be as Twilio's own description says."""
    ((method, path, headers, body),) = server.seen
    assert method == "POST"
    OpenAPI.from_file_path(str(shared_vendor("twilio") / "openapi.json")).validate_request(
        MockRequest(
            "https://api.twilio.com",
            "post",
            path.removeprefix("/twilio"),
            headers={"authorization": headers["Authorization"]},
            data=body,
            content_type="application/x-www-form-urlencoded",
        )
    )
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def wrote(runtime: Runtime, hours_ago: float) -> None:
    opened(runtime, "org_1", TO, runtime.clock.now() - timedelta(hours=hours_ago))


def test_to_a_stranger_goes_the_approved_template_with_its_variables_in_order() -> None:
    with serving("twilio") as (server, runtime):
        server.answer = (201, b'{"sid": "SM1"}')
        assert whatsapp.send(runtime, ACCOUNT, ASK) == "SM1"
    form = sent_form(server)
    assert (form["To"], form["From"], form["ContentSid"]) == (f"whatsapp:{TO}", "whatsapp:+15017122661", CONTENT)
    assert json.loads(form["ContentVariables"]) == {"1": "Zoë ☃", "2": " "}  # no empty variable: it would be refused
    assert "Body" not in form
    assert form["ValidityPeriod"] == "600"
    assert form["StatusCallback"].endswith("/hooks/twilio/tok")


def test_who_wrote_within_a_day_is_answered_freely_and_no_later() -> None:
    for hours, free in ((0.1, True), (23.9, True), (23.95, False), (25.0, False)):
        with serving("twilio") as (server, runtime):
            wrote(runtime, hours)
            server.answer = (201, b'{"sid": "SM1"}')
            whatsapp.send(runtime, ACCOUNT, ASK)
        assert ("Body" in sent_form(server)) is free, hours


def test_without_a_template_for_it_nothing_leaves() -> None:
    with serving("twilio") as (server, runtime):
        with pytest.raises(Refused) as caught:
            whatsapp.send(runtime, ACCOUNT, replace(ASK, template="other"))
        assert server.seen == []
    assert caught.value.provider_code == "no_whatsapp_template"


def test_a_messaging_service_may_send_and_the_branchs_number_does_when_the_account_names_none() -> None:
    config = {name: value for name, value in ACCOUNT.config.items() if name != "whatsapp_sender"}
    for sender, expected in (("MG" + "d" * 32, {"MessagingServiceSid": "MG" + "d" * 32}),
                             ("+15125550100", {"From": "whatsapp:+15125550100"})):  # fmt: skip
        with serving("twilio") as (server, runtime):
            server.answer = (201, b'{"sid": "SM1"}')
            whatsapp.send(runtime, replace(ACCOUNT, config=config), replace(ASK, sender=sender))
        assert expected.items() <= sent_form(server).items()


def test_an_older_text_never_shortens_the_day_and_it_is_each_organizations_own() -> None:
    with serving("twilio") as (_, runtime):
        wrote(runtime, 1)
        wrote(runtime, 20)
        assert isinstance(runtime.clock, FakeClock)
        assert not is_open(runtime, "org_2", TO)
        runtime.clock.move(hours=10)
        assert is_open(runtime, "org_1", TO)


def test_a_lost_message_is_found_among_those_to_the_same_person() -> None:
    with serving("twilio") as (server, runtime):
        now = runtime.clock.now()
        made = f"{now:%a, %d %b %Y %H:%M:%S} +0000"
        rows = [{"sid": "SM2", "body": "as WhatsApp words it", "date_created": made, "to": f"whatsapp:{TO}"}]
        server.answer = (200, json.dumps({"messages": rows}).encode())
        assert whatsapp.find(runtime, ACCOUNT, ASK, now) == ["SM2"]
        assert whatsapp.find(runtime, ACCOUNT, replace(ASK, template="other"), now) == []
        assert "To=whatsapp%3A%2B15558675310" in server.seen[0][1]
