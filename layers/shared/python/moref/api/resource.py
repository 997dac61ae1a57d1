"""A noun that can be read: exactly the fields named here are shown, any other stays inside.

Lists take one filter and a time range, because that is what an index can answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic.json_schema import GenerateJsonSchema

from moref.api.operation import Call, Schema
from moref.records import Entity
from moref.tenants.model import Role

Filter = Literal["status", "location_id", "parent"]
_ALWAYS = ("id", "version", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Resource:
    path: str
    kind: type[Entity]
    shown: tuple[str, ...]
    words: str
    filters: Mapping[str, Filter] = field(default_factory=dict)  # query name -> what the store calls it
    waits: tuple[str, ...] = ()  # what rows of it may ask of staff (Entity.waits): the values of the filter `waiting`
    whole: bool = False  # not for callers limited to locations
    least: Role = "member"
    # Fields that depend on the caller: name -> (schema, value).
    extras: Mapping[str, tuple[Schema, Callable[[Call, Any], Any]]] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return _ALWAYS + self.shown

    def view(self, entity: Entity) -> dict[str, Any]:
        data = entity.model_dump(mode="json", include=set(self.fields))
        return {name: data[name] for name in self.fields}

    def shown_to(self, call: Call, entity: Entity) -> dict[str, Any]:
        return self.view(entity) | {name: value(call, entity) for name, (_, value) in self.extras.items()}

    def schema(self) -> dict[str, Any]:
        """JSON Schema of `shown_to`; definitions it needs stay in `$defs`."""
        full = self.kind.model_json_schema(mode="serialization", schema_generator=GenerateJsonSchema)
        properties = {name: full["properties"][name] for name in self.fields}
        properties |= {name: schema for name, (schema, _) in self.extras.items()}
        found = {"title": self.kind.__name__, "type": "object", "properties": properties, "required": list(properties)}
        return found | {"$defs": full.get("$defs", {})}

    def statuses(self) -> tuple[str, ...]:
        return get_args(self.kind.model_fields["status"].annotation)


STATUS: dict[str, Filter] = {"status": "status"}
PLACE: dict[str, Filter] = {"location_id": "location_id"}


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
