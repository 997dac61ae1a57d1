"""The reference as one page of plain HTML, made of the OpenAPI document: no script, nothing fetched from elsewhere."""

import json
import re
from html import escape
from typing import Any

from moref.api.problems import TITLES

_STYLE = """
:root{color-scheme:light dark;--line:#8885;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
h1,h2,h3{line-height:1.2}code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.75rem;overflow:auto;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
nav a{display:inline-block;margin:0 .75rem .25rem 0}
article{border:1px solid var(--line);border-radius:8px;padding:.25rem 1rem 1rem;margin:1rem 0}
table{border-collapse:collapse;width:100%;table-layout:fixed}
td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top;
overflow-wrap:anywhere}.method{font-weight:700}summary{cursor:pointer;padding:.5rem 0}
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
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} API, version {escape(info['version'])}</h1>"
        f'<p>The same as data: <a href="/v1/openapi.json">openapi.json</a>.</p>{_about(info["description"])}'
        f'<nav aria-label="Sections">{tags}<a href="#problems">problems</a><a href="#schemas">schemas</a></nav>'
        f'{sections}<section id="problems"><h2>Problems</h2>{_problems()}</section>'
        f'<section id="schemas"><h2>Schemas</h2>{schemas}</section></body></html>\n'
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
        f"{', needed' if each.get('required') else ''}</td><td><code>{_schema(each['schema'])}</code></td></tr>"
        for each in operation["parameters"]
    )
    table = f"<table><tr><th>Parameter</th><th>Where</th><th>Form</th></tr>{rows}</table>" if rows else ""
    body = operation.get("requestBody")
    taken = f"<p>Body: {_schema(body['content']['application/json']['schema'])}</p>" if body else ""
    answers = "".join(_answer(status, answer) for status, answer in operation["responses"].items() if status < "300")
    errors = ", ".join(status for status in operation["responses"] if status >= "300")
    return (
        f'<article id="{escape(operation["operationId"])}">'
        f'<h3><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{escape(operation['summary'])}. {escape(operation['description'])}</p>"
        f"{table}{taken}{answers}<p>Errors: {errors}</p></article>"
    )


def _answer(status: str, answer: dict[str, Any]) -> str:
    return f"<p>Answer {status}: {_schema(answer['content']['application/json']['schema'])}</p>"


def _schema(schema: dict[str, Any]) -> str:
    """A link for a named schema, words for a simple one, else its JSON."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    items = schema.get("properties", {}).get("items", {}).get("items", {})
    if "$ref" in items:
        return f"a page of {_schema(items)}"
    return escape(json.dumps({name: part for name, part in schema.items() if name != "title"}))


def _pre(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=1))}</pre>"


def _problems() -> str:
    codes = {
        "malformed": 400, "unauthenticated": 401, "forbidden": 403, "not_found": 404, "method_not_allowed": 405,
        "conflict": 409, "too_large": 413, "bad_input": 422, "internal": 500, "unavailable": 503,
    }  # fmt: skip
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{escape(TITLES[status])}</td></tr>'
        for code, status in codes.items()
    )
    return f"<table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>{rows}</table>"


def _anchor(tag: str) -> str:
    return escape(tag.replace("/", "-"))
