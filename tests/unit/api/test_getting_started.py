"""The script of the docs page says everything that it needs; a test on the embedded AWS follows it."""

import re

from moref.api.getting_started import STEPS, WORDS
from moref.api.routes import methods_at
from tests.docs_script import placeholders, steps_of
from tests.unit.api.world import World

TOLD = {"email", "now", "unix_time", "id", "signature", "secret", "code"}  # by WORDS, or by a step's words


def test_the_page_has_every_step_as_it_is_meant(world: World) -> None:
    found = steps_of(world.call("GET", "/docs", token="").text)
    assert len(found) == len(STEPS) > 10
    for step, meant in zip(found, STEPS, strict=True):
        assert f"{step.method} {step.address}" == meant.request
        assert (step.status, step.keeps, step.until) == (meant.status, meant.keeps, meant.until)
        assert step.headers == meant.headers
        assert (step.body == "") is (meant.body is None)


def test_whatever_stands_in_braces_was_told_or_kept_before(world: World) -> None:
    known = set(TOLD) - {"secret"}
    words = WORDS + " ".join(step.words for step in STEPS)
    assert {f"{{{name}}}" for name in known} <= set(re.findall(r"\{[a-z_]+\}", words))
    for step in steps_of(world.call("GET", "/docs", token="").text):
        assert placeholders(step) <= known, step.address
        if "signature" in placeholders(step):
            assert "secret" in known
        known |= step.keeps.keys()


def test_every_address_of_it_is_there(world: World) -> None:
    for step in steps_of(world.call("GET", "/docs", token="").text):
        if step.address != "{hook_url}":
            assert step.method in methods_at(re.sub(r"\{[a-z_]+\}", "x", step.address)), step.address


def test_the_page_says_what_a_crm_posts(world: World) -> None:
    page = world.call("GET", "/docs", token="").text
    for word in ("webhook-signature", "sms_opt_in", "damage_claim", "job.updated"):
        assert word in page.partition('id="crm-events"')[2].partition("</section>")[0]
