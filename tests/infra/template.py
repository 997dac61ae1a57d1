"""A stage's templates as plain data: both stacks together, CloudFormation's functions rendered as text."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PSEUDO = {"Partition": "aws", "Region": "us-east-1", "AccountId": "111122223333", "URLSuffix": "amazonaws.com"}


def render(value: Any) -> Any:
    """Joins and references become text; `${Logical.Attribute}` stands for what only AWS knows."""
    if isinstance(value, list):
        return [render(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(function, argument)] = value.items()
        if function in FUNCTIONS:
            return FUNCTIONS[function](argument)
    return {key: render(item) for key, item in value.items()}


FUNCTIONS: dict[str, Callable[[Any], str]] = {
    "Ref": lambda name: PSEUDO.get(name.removeprefix("AWS::"), f"${{{name}}}"),
    "Fn::GetAtt": lambda path: f"${{{'.'.join(path)}}}",
    "Fn::ImportValue": lambda name: f"${{{name}}}",
    "Fn::Join": lambda parts: parts[0].join(str(part) for part in render(parts[1])),
}


@dataclass(frozen=True)
class Resource:
    id: str
    stack: str
    type: str
    properties: Mapping[str, Any]
    policies: Mapping[str, Any]  # DeletionPolicy and the like


@dataclass(frozen=True)
class Cloud:
    """Everything of one stage."""

    stage: str
    all: tuple[Resource, ...]
    folder: Path

    def of(self, kind: str) -> list[Resource]:
        """Never empty: a test over nothing would pass for nothing."""
        found = [resource for resource in self.all if resource.type == kind]
        assert found, f"no {kind} in {self.stage}"
        return found

    def named(self, kind: str, property: str, name: str) -> Resource:
        [found] = [resource for resource in self.of(kind) if resource.properties.get(property) == name]
        return found

    def short(self, name: str) -> str:
        """A physical name without `moref-<stage>-`."""
        return name.removeprefix(f"moref-{self.stage}-")

    def function(self, name: str) -> Resource:
        return self.named("AWS::Lambda::Function", "FunctionName", f"moref-{self.stage}-{name}")

    def queue(self, name: str) -> Resource:
        return self.named("AWS::SQS::Queue", "QueueName", f"moref-{self.stage}-{name}")

    def target(self, reference: str) -> Resource:
        """The resource that a rendered `${Logical.Attribute}` or an ARN by name points at."""
        if reference.startswith("${"):
            logical = reference[2:-1].partition(".")[0]
            return next(resource for resource in self.all if resource.id == logical)
        return self.queue(self.short(reference.rpartition(":")[2]))

    def statements(self, role: Resource) -> Iterator[dict[str, Any]]:
        for policy in role.properties.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]

    def role_of(self, function: str) -> Resource:
        return self.target(self.function(function).properties["Role"])


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def load(folder: Path, stage: str) -> Cloud:
    resources = []
    for part in ("data", "service"):
        stack = f"moref-{stage}-{part}"
        template = json.loads((folder / f"{stack}.template.json").read_text())
        for id, resource in template["Resources"].items():
            policies = {key: resource[key] for key in ("DeletionPolicy", "UpdateReplacePolicy") if key in resource}
            resources.append(Resource(id, stack, resource["Type"], render(resource.get("Properties", {})), policies))
    return Cloud(stage, tuple(resources), folder)
