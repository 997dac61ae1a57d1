"""Referral codes survive being read aloud, and a wrong one is refused before any table is asked."""

from hypothesis import given
from hypothesis import strategies as st

from moref.kernel import codes

code = st.builds(codes.new)


@given(code)
def test_a_code_is_found_again_however_it_was_typed(fresh: str) -> None:
    assert codes.normalise(fresh) == fresh
    assert codes.normalise(codes.display(fresh).lower()) == fresh
    assert codes.normalise(fresh.replace("0", "o").replace("1", "l")) == fresh


@given(code, st.integers(0, codes.LENGTH - 1), st.sampled_from(codes.ALPHABET))
def test_one_wrong_character_is_always_refused(fresh: str, place: int, character: str) -> None:
    wrong = fresh[:place] + character + fresh[place + 1 :]
    assert codes.normalise(wrong) == (fresh if character == fresh[place] else None)


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_nothing(text: str) -> None:
    found = codes.normalise(text)
    assert found is None or codes.normalise(found) == found


def test_codes_hold_fifty_random_bits() -> None:
    bodies = [codes.new()[:-1] for _ in range(2000)]
    assert len(set(bodies)) == 2000
    for place in range(codes.LENGTH - 1):
        assert {body[place] for body in bodies} == set(codes.ALPHABET), "every character occurs at every place"
