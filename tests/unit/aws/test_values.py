"""JSON values as DynamoDB writes them."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from moref.aws.values import decode, decode_map, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_goes_in_comes_out(value: Any) -> None:
    found = decode(encode(value))
    assert repr(found) == repr(value)  # True is not 1


@given(VALUES)
def test_it_is_what_boto3_writes(value: Any) -> None:
    assert TypeDeserializer().deserialize(encode(value)) == value
    assert decode(TypeSerializer().serialize(value)) == value


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, b"raw", {1, 2}, object(), ("tuple",)])
def test_what_json_without_floats_has_not_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("image", [{"SS": ["a"]}, {"B": b"x"}])
def test_what_we_never_write_is_refused(image: Any) -> None:
    with pytest.raises(TypeError):
        decode(image)


def test_a_row_is_a_map_of_values() -> None:
    assert decode_map({"pk": {"S": "a"}, "data": {"M": {"n": {"N": "7"}}}}) == {"pk": "a", "data": {"n": 7}}
