"""A template's tree as Jinja2 parses it, and everything in it that is not let in."""

from collections.abc import Iterator

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from moref.messaging.fields import FIELDS
from moref.messaging.grammar import Fault, Parsed

DEEPEST = 4  # an if inside an if inside ...

# What is not let in -> how people know it.
_NAMES: dict[type[nodes.Node], str] = {
    nodes.Getattr: "attribute access", nodes.Getitem: "attribute access", nodes.Call: "a call", nodes.For: "a loop",
    nodes.Include: "an include", nodes.Import: "an import", nodes.FromImport: "an import", nodes.Macro: "a macro",
    nodes.CallBlock: "a macro", nodes.Assign: "an assignment", nodes.AssignBlock: "an assignment",
    nodes.Block: "a block", nodes.Extends: "extends", nodes.FilterBlock: "a filter block", nodes.Test: "a test",
    nodes.Compare: "a comparison", nodes.BinExpr: "a calculation", nodes.CondExpr: "an inline if",
    nodes.With: "with", nodes.Const: "a literal",
}  # fmt: skip


def _default(value: str, fallback: str = "") -> str:
    return value or fallback


PLAIN = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined, extensions=())
PLAIN.filters = {"default": _default}  # the other fifty are not for tenants
PLAIN.globals = {}
PLAIN.tests = {}


def look_through(source: str) -> Parsed:
    """Of a source that is not too large."""
    try:
        tree = PLAIN.parse(source)
    except TemplateSyntaxError as error:
        return Parsed((Fault(error.lineno, f"cannot be read: {error.message}"),))
    except RecursionError:
        return Parsed((Fault(1, "is nested too deeply"),))
    faults = tuple(_faults(tree.body, frozenset(), 0))
    names = dict.fromkeys(node.name for node in tree.find_all(nodes.Name))
    return Parsed(faults, tuple(name for name in names if name in FIELDS))


def _faults(found: list[nodes.Node], sure: frozenset[str], depth: int) -> Iterator[Fault]:
    """`sure` are the fields that an enclosing `if` says are not empty."""
    for node in found:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                yield from _output(part, sure)
        elif isinstance(node, nodes.If):
            yield from _if(node, sure, depth + 1)
        else:
            yield _forbidden(node)


def _output(node: nodes.Node, sure: frozenset[str]) -> Iterator[Fault]:
    if isinstance(node, nodes.TemplateData):
        return
    if isinstance(node, nodes.Name):
        yield from _name(node)
        if node.name in FIELDS and FIELDS[node.name].may_be_empty and node.name not in sure:
            example = f'{{{{ {node.name} | default("...") }}}}'
            yield Fault(node.lineno, f"{node.name} may be empty and needs a fallback: {example}, or an if around it")
    elif isinstance(node, nodes.Filter):
        yield from _filter(node)
    else:
        yield _forbidden(node)


def _filter(node: nodes.Filter) -> Iterator[Fault]:
    plain = [arg for arg in node.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
    if node.name != "default" or len(plain) != 1 or len(node.args) != 1 or node.kwargs or node.dyn_args:
        yield Fault(node.lineno, f'the filter {node.name}: only default("text") is known')
    elif isinstance(node.node, nodes.Name):
        yield from _name(node.node)
    else:
        yield _forbidden(node.node or node)


def _if(node: nodes.If, sure: frozenset[str], depth: int) -> Iterator[Fault]:
    if depth > DEEPEST:
        yield Fault(node.lineno, f"more than {DEEPEST} ifs inside each other")
        return
    test = node.test
    negated = isinstance(test, nodes.Not)
    name = test.node if isinstance(test, nodes.Not) else test
    if not isinstance(name, nodes.Name):
        yield Fault(node.lineno, f"{_words(name)} in an if: an if asks for one merge field")
        return
    yield from _name(name)
    known = sure | {name.name}
    yield from _faults(node.body, sure if negated else known, depth)
    yield from _faults([*node.elif_, *node.else_], known if negated else sure, depth)


def _name(node: nodes.Name) -> Iterator[Fault]:
    if node.name not in FIELDS:
        yield Fault(node.lineno, f"unknown field {node.name[:40]}; the fields are {', '.join(FIELDS)}")


def _forbidden(node: nodes.Node) -> Fault:
    return Fault(node.lineno, f"{_words(node)} is not allowed: merge fields and if on a merge field are")


def _words(node: nodes.Node) -> str:
    for kind in type(node).__mro__:
        if kind in _NAMES:
            return _NAMES[kind]
    return f"this expression ({type(node).__name__.lower()})"
