"""Templates as staff meet them: read, saved, refused with their places, rendered, sent to oneself."""

from typing import Any

import pytest

from moref.messaging import builtin
from moref.messaging.model import Message
from moref.messaging.send_sample import MOST_PER_HOUR
from moref.records import every, get
from moref.tenants.model import Member
from tests.unit.api.test_conventions import problem
from tests.unit.api.world import Answer, World

GOOD = {"en": {"sms": "{{ company }} says hello. {{ opt_out }}", "subject": "Hello", "body": "Hi.\n\nBye."}}
TEMPLATE = "/templates/nudge_friend"


def places(answer: Answer) -> list[str]:
    return [each["field"] for each in problem(answer, 422)["errors"]]


def put(world: World, path: str = TEMPLATE, version: int = 0, **over: Any) -> Answer:
    return world.call("PUT", path, {"version": version, "wordings": GOOD} | over)


def test_every_built_in_is_there_before_anybody_changed_it(world: World) -> None:
    found = world.call("GET", "/templates").json()
    assert [each["id"] for each in found["items"]] == sorted(builtin.names())
    assert {each["from"] for each in found["items"]} == {"builtin"}
    assert {"first_name", "referral_link", "opt_out"} <= {each["name"] for each in found["fields"]}
    ask = world.call("GET", "/templates/ask").json()
    assert (ask["kind"], ask["version"], ask["languages"], ask["needs"]) == (
        "marketing",
        0,
        ["en", "es"],
        ["feedback_link"],
    )
    assert ask["sms"]["es"]["encoding"] == "GSM-7"
    assert ask["sms"]["es"]["cost_micros"] == 8300 * ask["sms"]["es"]["segments"]
    assert ask["findings"] == []


def test_a_change_is_a_new_version_and_says_where_it_comes_from(world: World) -> None:
    saved = put(world, name="Our nudge").json()
    assert (saved["from"], saved["version"], saved["version_id"], saved["name"]) == (
        "organization", 1, "nudge_friend.v1", "Our nudge",
    )  # fmt: skip
    assert saved["findings"][0]["field"] == "wordings.es"  # the warning of missing Spanish
    problem(put(world), 409)
    place = world.a.location_id
    branch = world.call("GET", f"{TEMPLATE}.{place}").json()
    assert (branch["from"], branch["version"]) == ("organization", 0)
    assert put(world, f"{TEMPLATE}.{place}").json()["from"] == "location"
    listed = world.call("GET", f"/templates?location_id={place}").json()["items"]
    assert {each["id"] for each in listed if each["from"] == "location"} == {f"nudge_friend.{place}"}
    versions = world.call("GET", "/template-versions?template_id=nudge_friend").json()["items"]
    assert [each["number"] for each in versions] == [1]


def test_locked_reverted_and_removed(world: World) -> None:
    put(world)
    form = f"{TEMPLATE}.{world.a.location_id}"
    put(world, form)
    assert world.call("PATCH", TEMPLATE, {"version": 1, "locked": True}).json()["locked"] is True
    assert world.call("GET", form).json()["from"] == "organization"
    problem(put(world, form, 1), 409)
    world.call("PATCH", TEMPLATE, {"version": 2, "locked": False})
    assert world.call("DELETE", form).status == 204
    assert world.call("GET", form).json()["from"] == "organization"
    back = world.call("POST", f"{TEMPLATE}/revert", {"version": 3}).json()
    assert (back["from"], back["version"]) == ("builtin", 4)
    again = world.call("POST", f"{TEMPLATE}/revert", {"version": 4, "number": 1}).json()
    assert (again["from"], again["version_id"]) == ("organization", "nudge_friend.v2")
    problem(world.call("DELETE", "/templates/ask"), 409)
    problem(world.call("DELETE", "/templates/nothing"), 404)


def test_a_template_of_ones_own(world: World) -> None:
    assert places(put(world, "/templates/our_own")) == ["kind"]
    assert put(world, "/templates/our_own", kind="marketing").json()["kind"] == "marketing"
    assert world.call("DELETE", "/templates/our_own").status == 204
    problem(world.call("GET", "/templates/our_own"), 404)
    assert put(world, "/templates/our_own", version=2).status == 200  # saved again, it is back


@pytest.mark.parametrize(
    ("en", "place"),
    [
        ({"sms": "{{ company }} {{ nope }} {{ opt_out }}"}, "wordings.en.sms"),
        ({"sms": "{{ company }} {{ company.__class__ }} {{ opt_out }}"}, "wordings.en.sms"),
        ({"sms": "{{ company }} {% for x in company %}{% endfor %} {{ opt_out }}"}, "wordings.en.sms"),
        ({"sms": "{{ company }} has no way to stop"}, "wordings.en.sms"),
        ({"sms": "x" * 200_000}, "wordings.en.sms"),
        ({"subject": "s", "body": "{{ referral_link }} and no disclosure"}, "wordings.en.body"),
        ({"subject": "a\nb", "body": "b"}, "wordings.en.subject"),
    ],
)
def test_bad_words_are_refused_with_the_place_named(world: World, en: dict[str, str], place: str) -> None:
    assert places(put(world, wordings={"en": en})) == [place]
    checked = world.call("POST", f"{TEMPLATE}/lint", {"wordings": {"en": en}}).json()
    errors = [each for each in checked["findings"] if each["severity"] == "error"]
    assert [(each["field"], each["line"]) for each in errors] == [(place, 1)]
    assert world.call("GET", TEMPLATE).json()["from"] == "builtin"


def test_a_megabyte_is_not_even_read(world: World) -> None:
    problem(put(world, wordings={"en": {"sms": "x" * 1_000_000}}), 413)


def test_an_unfair_review_link_is_refused_with_its_place_in_the_campaign(world: World) -> None:
    unfair = {"en": {"sms": "{{ company }} {{ review_link }} {{ opt_out }}"}}
    (place,) = places(put(world, "/templates/invite", wordings=unfair))
    assert place == "campaigns.referral_request.trigger.when"


def test_a_check_needs_no_template_yet(world: World) -> None:
    problem(world.call("POST", "/templates/our_own/lint", {"wordings": GOOD}), 404)
    assert world.call("POST", "/templates/our_own/lint", {"wordings": GOOD, "kind": "marketing"}).status == 200


def test_rendered_with_samples_with_a_contact_and_with_words_that_are_not_saved(world: World) -> None:
    world.fill(world.a)
    shown = world.call("POST", "/templates/ask/render").json()
    assert shown["language"] == "en"
    assert shown["sms"]["text"].startswith("Hi Sam, this is")
    assert shown["sms"]["cost"]["segments"] == 2
    assert "<html" in shown["email"]["html"]
    assert "/u/sample" in shown["email"]["text"]
    spanish = world.call("POST", "/templates/ask/render", {"language": "es", "contact_id": "ctc_1"}).json()
    assert spanish["sms"]["text"].startswith("Hola Ann, le escribe")
    other = {"en": {"sms": "{{ company }} only this {{ opt_out }}"}}
    mine = world.call("POST", "/templates/ask/render", {"wordings": other}).json()
    assert "only this" in mine["sms"]["text"]
    assert mine["email"] is None
    assert places(world.call("POST", "/templates/ask/render", {"wordings": {"en": {"sms": "{{ nope }}"}}})) == [
        "template"
    ]
    problem(world.call("POST", "/templates/ask/render", {"contact_id": "ctc_9"}), 404)


def test_a_sample_goes_to_the_members_own_address_and_is_marked(world: World) -> None:
    sent = world.call("POST", "/templates/invite/test-send", {"language": "es"}, key="one")
    assert sent.status == 202
    again = world.call("POST", "/templates/invite/test-send", {"language": "es"}, key="one")
    assert again.json() == sent.json()
    org = world.a.organization_id
    message = get(world.store, Message, org, sent.json()["message_id"])
    assert (message.kind, message.channel, message.contact_id) == ("staff", "email", None)
    assert message.fields["to"] == get(world.store, Member, org, world.a.member_id).email
    actions = [each["action"] for each in world.call("GET", "/audit").json()["items"]]
    assert actions.count("template.sent_to_oneself") == 1


def test_samples_are_few_an_hour(world: World) -> None:
    statuses = [world.call("POST", "/templates/ask/test-send").status for _ in range(MOST_PER_HOUR + 2)]
    assert statuses == [202] * MOST_PER_HOUR + [409] * 2
    world.clock.move(hours=1)
    token = world.token()
    assert world.call("POST", "/templates/ask/test-send", token=token).status == 202
    assert len(every(world.store, Message, world.a.organization_id)) == MOST_PER_HOUR + 1


def test_whoever_is_limited_to_a_location_changes_its_form_only(world: World) -> None:
    token = world.token(role="admin", locations=[world.a.location_id])
    body = {"version": 0, "wordings": GOOD}
    problem(world.call("PUT", TEMPLATE, body, token=token), 403)
    assert world.call("GET", TEMPLATE, token=token).status == 200
    assert world.call("PUT", f"{TEMPLATE}.{world.a.location_id}", body, token=token).status == 200
    elsewhere = world.token(role="admin", locations=["loc_elsewhere", "loc_more"])
    problem(world.call("PUT", f"{TEMPLATE}.{world.a.location_id}", body, token=elsewhere), 404)


def test_a_branchs_branding(world: World) -> None:
    path = f"/locations/{world.a.location_id}"
    row = world.call("GET", path).json()
    assert row["branding"]["colour"] == "#0b5cad"
    brand = {
        "company": "Bluebird", "colour": "#ffd400", "logo_url": "https://bluebird.example.com/logo.png",
        "signature": ["Ana", "Austin office"], "reply_to": "hello@bluebird.example.com",
    }  # fmt: skip
    changed = world.call("PATCH", path, {"version": row["version"], "branding": brand}).json()
    assert changed["branding"] == brand
    html = world.call("POST", "/templates/ask/render").json()["email"]["html"]
    for part in ("#ffd400", "https://bluebird.example.com/logo.png", "Austin office", "Bluebird"):
        assert part in html
    for wrong, place in [
        ({"colour": "red"}, "branding.colour"), ({"colour": "#fff;background:url(x)"}, "branding.colour"),
        ({"logo_url": "javascript:alert(1)"}, "branding.logo_url"), ({"reply_to": "nobody"}, "branding.reply_to"),
        ({"signature": ["a\nb"]}, "branding.signature.0"), ({"font": "x"}, "branding.font"),
    ]:  # fmt: skip
        assert places(world.call("PATCH", path, {"version": 2, "branding": wrong})) == [place]
