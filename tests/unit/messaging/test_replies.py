"""Which replies are a score: many that are, many more that only look like one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.messaging.replies import score_of

SCORES = {
    "5": 5,
    " 5 ": 5,
    "5!": 5,
    "five": 5,
    "Five!!": 5,
    "cinco": 5,
    "great, 5 stars": 5,
    "5 stars": 5,
    "5/5": 5,
    "4 / 5": 4,
    "5 out of 5": 5,
    "4 de 5": 4,
    "cinco estrellas": 5,
    "5 estrellas, muy bien": 5,
    "⭐⭐⭐⭐⭐": 5,
    "5⭐": 5,
    "5️⃣": 5,
    "1": 1,
    "one star": 1,
    "1 star!!! terrible": 1,
    "Great crew, 5": 5,
    "5. Juan and Mike packed everything carefully": 5,
    "definitely a 5": 5,
    "I'd give you a 5": 5,
    "5 thanks": 5,
    "5 - thank you!": 5,
    "five stars for the crew": 5,
    "5 stars all the way": 5,
    "5 from me": 5,
    "It was a 4": 4,
    "3, they were a little late": 3,
    "5 but a bit late": 5,
    "5 stars, would recommend": 5,
    "5! no problems": 5,
    '"5"': 5,
    "\uff15": 5,
    "5\nThanks": 5,
    "un cinco": 5,
    "Les doy un 5, gracias": 5,
    "score: 4": 4,
    "2 stars, you broke my lamp": 2,
    "5 stars! 5 stars!": 5,
    "5 :)": 5,
    "5 👍": 5,
    "5-star service": 5,
    "Sí, 5": 5,
    "A solid five": 5,
    "4 stars out of 5": 4,
    "Five out of five!": 5,
}
NO_SCORES = [
    "5 people came, 2 hours late",
    "it was not 5 stars",
    "10/10",
    "5/10",
    "4.5",
    "4-5",
    "5:30",
    "call me at 5",
    "at 5",
    "5 pm",
    "5pm",
    "$5",
    "5%",
    "0",
    "6",
    "55",
    "no one called",
    "not a 5",
    "5?",
    "would have been 5 but they were late",
    "5 or 4",
    "between 4 and 5",
    "5 boxes are missing",
    "5 boxes",
    "5 guys",
    "5 great guys",
    "3 hours late",
    "it took 5 hours",
    "you are number 1!",
    "#1 movers",
    "You guys are the best, number 1",
    "Liked “Hi Sam, a score from 1 to 5”",
    "I'd give 5 stars but you broke my lamp",
    "5 stars my ass, never again",
    "I saw your 5 star reviews",
    "please leave me alone",
    "",
    "hello",
    "STOP",
    "who is this",
    "we moved to a 5 star hotel",
    "one of your guys broke it",
    "5 of 5 boxes arrived",
    "2 of the movers were great",
    "almost 5",
    "5 minutes ago",
    "room 5",
    "apt 5",
    "5th floor",
    "I need 2 more boxes",
    "zero stars",
    "no 5",
    "This one was great",
    "great 4 me",
    "5, thieves and liars, you stole my ring, worst ever",
    "I will call at 3, thanks",
    "1! best movers ever",
    "no fue un 5",
    "cinco cajas",
    "a las 5",
    "5 y 4",
    "1 2 3 4 5",
    "5..4",
    "We need 2",
    "\u0665",
    "fifteen",
    "\u0663 stars",
    "5 5 hours",
    "it would be a 5",
    "si fuera un 5 lo diria",
    "5 if you refund me",
    "can you come at 5",
    "two trucks",
    "4 of us were home",
    "2nd",
    "5e5",
    "my rating is pending until 5",
    "5\u00bd",
    "5" * 2000,
    "5 " * 400,
    "\x00",
]


@pytest.mark.parametrize("text", SCORES)
def test_this_is_a_score(text: str) -> None:
    assert score_of(text) == SCORES[text]


@pytest.mark.parametrize("text", NO_SCORES)
def test_this_is_for_staff_to_read(text: str) -> None:
    assert score_of(text) is None


NUMBER = st.sampled_from(["1", "2", "3", "4", "5", "one", "five", "dos", "cinco"])
PLAIN = st.sampled_from(["{}", " {} ", "{}!", "{}.", "{} stars", "{} out of 5", "{}/5", "It was a {}", "{} estrellas"])
DENIAL = st.sampled_from(
    ["not", "never", "nothing", "wasn't", "don't", "no", "nunca", "sin", "can't", "would", "if", "almost"]
)
THING = st.sampled_from(
    ["boxes", "people", "hours", "minutes", "pm", "trucks", "movers", "guys", "scratches", "times", "dollars", "rooms",
     "cajas", "horas", "personas", "of my lamps", "days late", "blocks away", "more please", "men", "bedrooms"]
)  # fmt: skip
ANYTHING = st.text(max_size=60)


@given(NUMBER, PLAIN)
def test_a_number_in_a_plain_form_is_that_score(number: str, form: str) -> None:
    expected = {"one": 1, "five": 5, "dos": 2, "cinco": 5}.get(number) or int(number)
    assert score_of(form.format(number)) == expected


@given(NUMBER, DENIAL, ANYTHING)
def test_whoever_denies_or_doubts_gives_no_score(number: str, denial: str, rest: str) -> None:
    for text in (f"{denial} {number} {rest}", f"{number} stars, {denial} {rest}", f"{number}\n{rest} {denial}"):
        assert score_of(text) is None


@given(NUMBER, NUMBER, THING)
def test_a_number_of_things_is_no_score(number: str, other: str, thing: str) -> None:
    for text in (f"{number} {thing}", f"they broke {number} {thing}", f"{number} {thing}, {other} {thing}"):
        assert score_of(text) is None


@given(NUMBER, NUMBER, ANYTHING)
def test_two_numbers_are_no_score(number: str, other: str, rest: str) -> None:
    if score_of(number) != score_of(other):
        assert score_of(f"{number} {rest} {other}") is None
        assert score_of(f"{number} stars. {other} stars. {rest}") is None


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_nothing_breaks_it(text: str) -> None:
    assert score_of(text) in (None, 1, 2, 3, 4, 5)
