"""The forms that answers share, as JSON Schema."""

from moref.api.operation import Schema


def object_of(**properties: Schema) -> Schema:
    """All of its properties are always there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def items_of(**properties: Schema) -> Schema:
    """A whole list, in `items`, of such objects."""
    return object_of(items={"type": "array", "items": object_of(**properties)})
