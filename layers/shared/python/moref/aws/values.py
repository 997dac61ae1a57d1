"""JSON values as DynamoDB writes them, exactly: what goes in comes out, empty texts and None included.

PynamoDB's own map attribute drops and coerces some of these, and knows no integer that is not a float.
"""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import Attribute

Encoded = dict[str, Any]  # {"S": "text"}, {"N": "1"}, {"M": {...}} ...


def encode(value: Any) -> Encoded:
    """Text, integers, booleans, None, lists and maps of these. Raises TypeError on anything else, floats above all."""
    if value is None:
        return {"NULL": True}
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is bool:
        return {"BOOL": value}
    if kind is int:
        return {"N": str(value)}
    if kind is list:
        return {"L": [encode(item) for item in value]}
    if kind is dict:
        return {"M": {name: encode(item) for name, item in value.items()}}
    raise TypeError(f"a {kind.__name__} is not stored")


def decode(encoded: Mapping[str, Any]) -> Any:
    """The reverse. Raises TypeError on a type that `encode` never writes."""
    ((kind, value),) = encoded.items()
    if kind == "NULL":
        return None
    if kind in ("S", "BOOL"):
        return value
    if kind == "N":
        return int(value)
    if kind == "L":
        return [decode(item) for item in value]
    if kind == "M":
        return decode_map(value)
    raise TypeError(f"attribute type {kind} is not ours")


def decode_map(image: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A whole row, as a stream record's NewImage has it."""
    return {name: decode(value) for name, value in image.items()}


class JsonMap(Attribute[dict[str, Any]]):
    """A map attribute of JSON values."""

    attr_type = "M"

    def serialize(self, value: Any) -> Any:
        return encode(value)["M"]

    def deserialize(self, value: Any) -> Any:
        return decode_map(value)


class Integer(Attribute[int]):
    attr_type = "N"

    def serialize(self, value: Any) -> Any:
        return encode(value)["N"]

    def deserialize(self, value: Any) -> Any:
        return int(value)
