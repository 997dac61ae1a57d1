"""The reference as one page of plain HTML, made of the OpenAPI document: no script, nothing fetched from elsewhere."""

import inspect
import json
import re
from html import escape
from typing import Any

from moref.api import getting_started
from moref.api.problems import TITLES
from moref.intake.crm import generic

_STYLE = """
:root{color-scheme:light dark;--line:#8885;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;background:Canvas}
h1,h2,h3{line-height:1.2;text-wrap:balance}h2{margin:2.5rem 0 1rem}h3{margin:.75rem 0 .5rem}
code,pre{font:.875rem/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}h3 code{font-size:1rem}
p,article div{margin:0 0 .6rem}article ul{margin:.25rem 0;padding-left:1.5rem}ul ul{padding-left:1rem}
pre{background:var(--soft);padding:.75rem;overflow:auto;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
nav a{display:inline-block;margin:0 .75rem .25rem 0}
article{border:1px solid var(--line);border-radius:8px;padding:.25rem 1rem 1rem;margin:1rem 0}
table{border-collapse:collapse;width:100%;table-layout:fixed;margin:0 0 .75rem}
td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top;
overflow-wrap:anywhere}th:first-child{width:36%}th:nth-child(2){width:22%}
.method{font-weight:700}summary{cursor:pointer;padding:.5rem 0}
"""


def page(document: dict[str, Any]) -> str:
    info = document["info"]
    operations: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operations[operation["tags"][0]].append(_operation(method, path, operation))
    tags = "".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag in operations)
    sections = "".join(
        f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2>{"".join(parts)}</section>'
        for tag, parts in operations.items()
    )
    schemas = "".join(
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>{_pre(schema)}</details>'
        for name, schema in document["components"]["schemas"].items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(info['title'])} API, version {escape(info['version'])}</h1>"
        f'<p>The same as data: <a href="/v1/openapi.json">openapi.json</a>.</p>{_about(info["description"])}'
        '<nav aria-label="Sections"><a href="#getting-started">getting started</a>'
        f'<a href="#crm-events">what a CRM posts</a>{tags}'
        '<a href="#permissions">permissions</a><a href="#problems">problems</a><a href="#schemas">schemas</a></nav>'
        f'<section id="getting-started"><h2>Getting started</h2>{_started()}</section>'
        '<section id="crm-events"><h2>What a CRM posts</h2>'
        f"<pre>{escape(inspect.getdoc(generic) or '')}</pre></section>"
        f'{sections}<section id="permissions"><h2>Permissions</h2>{_permissions(document["x-permissions"])}</section>'
        f'<section id="problems"><h2>Problems</h2>{_problems()}</section>'
        f'<section id="schemas"><h2>Schemas</h2>{schemas}</section></main></body></html>\n'
    )


def _started() -> str:
    steps = "".join(f"<li>{_step(step)}</li>" for step in getting_started.STEPS)
    return f"<p>{_inline(getting_started.WORDS)}</p><ol>{steps}</ol>"


def _step(step: getting_started.Step) -> str:
    """What the words say of the answer stands in attributes, too, for a program that follows them."""
    kept = "".join(
        f' Keep <code data-keep="{escape(name)}">{escape(where)}</code> as <code>{{{escape(name)}}}</code>.'
        for name, where in step.keeps.items()
    )
    again = ""
    if step.until is not None:
        where, value = map(escape, step.until)
        again = f' Ask until <code data-until="{where}">{where}</code> is <code data-value="{value}">{value}</code>.'
    return (
        f"<p>{_inline(step.words)}</p><pre data-request>{escape(step.text())}</pre>"
        f'<p>Answer <code data-status="{step.status}">{step.status}</code>.{kept}{again}</p>'
    )


def _about(text: str) -> str:
    """The little Markdown the description uses: a paragraph, then a list; bold and code."""
    lead, *points = re.split(r"\n+\* ", text.strip())
    items = "".join(f"<li>{_inline(point)}</li>" for point in points)
    return f"<p>{_inline(lead)}</p><ul>{items}</ul>"


def _inline(text: str) -> str:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(text.split())))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}"
        f"{', required' if each.get('required') else ''}</td><td>{_schema(each['schema'])}</td></tr>"
        for each in operation["parameters"]
    )
    table = f"<table><tr><th>Parameter</th><th>Where</th><th>Form</th></tr>{rows}</table>" if rows else ""
    body = operation.get("requestBody")
    taken = f"<div>Body: {_schema(body['content']['application/json']['schema'])}</div>" if body else ""
    answers = "".join(_answer(status, answer) for status, answer in operation["responses"].items() if status < "300")
    errors = ", ".join(status for status in operation["responses"] if status >= "300")
    return (
        f'<article id="{escape(operation["operationId"])}">'
        f'<h3><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{escape(operation['summary'])}. {escape(operation['description'])}</p>"
        f"{table}{taken}{answers}<div>Errors: {errors}</div>{_example(operation)}</article>"
    )


def _example(operation: dict[str, Any]) -> str:
    """What is sent and what comes back, folded; a test has sent it."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = [each for status, each in operation["responses"].items() if status < "300"]
    shown = [part["example"] for answer in answers for part in answer.get("content", {}).values() if "example" in part]
    parts = [*([body["example"]] if body.get("example") else []), *shown]
    return f"<details><summary>Example</summary>{''.join(map(_pre, parts))}</details>" if parts else ""


def _answer(status: str, answer: dict[str, Any]) -> str:
    if "content" not in answer:
        return f"<div>Answer {status}: {escape(answer['description'])}</div>"
    (media, content), *_ = answer["content"].items()
    kind = "" if media == "application/json" else f"{escape(media)}, "
    return f"<div>Answer {status}: {kind}{_schema(content['schema'])}</div>"


def _schema(schema: dict[str, Any]) -> str:
    """A link for a named schema, words for a simple one, a list of its properties for another."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    items = schema.get("properties", {}).get("items", {}).get("items", {})
    if "$ref" in items:
        return f"a page of {_schema(items)}"
    kind = schema["type"]
    if kind == "array":
        return f"a list, each {_schema(schema['items'])}"
    if kind == "object":
        return _properties(schema)
    return _simple(schema) + (f": {escape(schema['description'])}" if "description" in schema else "")


def _properties(schema: dict[str, Any]) -> str:
    if not {"properties", "additionalProperties"} & schema.keys():
        return "an object"
    if "properties" not in schema:
        values = schema.get("additionalProperties")
        return f"an object, each value {_schema(values)}" if isinstance(values, dict) else "an object"
    rows = "".join(
        f"<li><code>{escape(name)}</code>: {_schema(each)}</li>" for name, each in schema["properties"].items()
    )
    return f"an object of<ul>{rows}</ul>"


def _simple(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"<code>{'null' if value is None else escape(value)}</code>" for value in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = "an instant, RFC 3339" if schema.get("format") == "date-time" else " or ".join(map(escape, kinds))
    if "maximum" in schema:
        words += f", {schema['minimum']} to {schema['maximum']}"
    if "maxLength" in schema:
        words += f", up to {schema['maxLength']} characters"
    return words + (f" (else {escape(str(schema['default']))})" if "default" in schema else "")


def _pre(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=1))}</pre>"


def _permissions(table: list[dict[str, Any]]) -> str:
    """Every operation: the role it needs, and what else."""
    rows = "".join(
        f"<tr><td><code>{escape(row['operation'])}</code></td><td>{escape(row['needs'])}</td><td>{_besides(row)}</td></tr>"
        for row in table
    )
    return (
        "<p>Owners may do what admins may, and admins what members may. Who is limited to locations sees and changes "
        "what is of these. An API key is an admin within its scopes.</p>"
        f"<table><tr><th>Operation</th><th>Needs</th><th>Besides</th></tr>{rows}</table>"
    )


def _besides(row: dict[str, Any]) -> str:
    scope = row["api_key_scope"]
    found = [
        "a sign-in of the last 15 minutes" if row["fresh_sign_in"] else "",
        "every location" if row["every_location"] else "",
        f"API key: <code>{escape(scope)}</code>" if scope else "",
    ]
    return "; ".join(filter(None, found))


def _problems() -> str:
    codes = {
        "malformed": 400, "unauthenticated": 401, "forbidden": 403, "sign_in_again": 403, "not_found": 404,
        "method_not_allowed": 405, "conflict": 409, "too_large": 413, "bad_input": 422,
        "too_many": 429, "internal": 500, "unavailable": 503,
    }  # fmt: skip
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{escape(TITLES[status])}</td></tr>'
        for code, status in codes.items()
    )
    return f"<table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>{rows}</table>"


def _anchor(tag: str) -> str:
    return escape(tag.replace("/", "-"))
