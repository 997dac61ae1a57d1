"""What every verb is given: the product's own runtime over one stage, and the AWS clients beside it.

The settings are those of the deployed API function, so the desk always works on the tables, keys and queues that the
running product uses. Against the local cloud it takes endpoint and clock from outputs.json.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from moref.kernel import names
from moref.ports import Clock
from moref.runtime import Runtime

REGION = "us-east-1"  # every stage's, as in infra.stages, which needs the CDK
RESTORED_TABLES = (names.CORE, names.LEDGER)  # likewise


class Refused(Exception):
    """The operator asked for something that cannot or should not be done; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`say` prints one line for the operator; `client` makes boto3 clients of the stage."""

    stage: str
    runtime: Runtime
    client: Callable[[str], Any]
    say: Callable[[str], None] = print

    def queue_url(self, name: str) -> str:
        """`name` is a queue's or dead-letter queue's without the prefix of the stage."""
        return self.runtime.settings.queue_prefix + names.resource(self.stage, name)

    def queue_arn(self, name: str) -> str:
        return self.runtime.settings.queue_arn_prefix + names.resource(self.stage, name)


def confirmed(yes: bool, what: str) -> None:
    """Raises Refused unless the operator said --yes: the text tells what would happen."""
    if not yes:
        raise Refused(f"{what}\nNothing was done. Say it again with --yes.")


def instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset (2026-11-22T02:00:00Z). Raises Refused: a bare time is a guess."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no time; write it as 2026-11-22T02:00:00Z") from None
    if found.tzinfo is None:
        raise Refused(f"{text!r} has no offset; write it as {text}Z if it is UTC")
    return found.astimezone(UTC)


def open_desk(stage: str, *, restored: str | None = None) -> Desk:
    """Raises Refused when the stage cannot be reached. `restored`: the suffix of tables that are not in use yet."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        os.environ.setdefault(variable, REGION)
    clock = _local() if stage == "local" else None
    from botocore.exceptions import BotoCoreError, ClientError

    from moref.aws.clients import client
    from moref.aws.compose import build
    from moref.kernel.env import Api

    try:
        function = client("lambda").get_function_configuration(FunctionName=names.resource(stage, "api"))
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"cannot read the settings of {names.resource(stage, 'api')}: {error}") from None
    settings = Api.from_env(function["Environment"]["Variables"])
    if restored:
        for table in RESTORED_TABLES:
            setattr(settings, f"{table}_table", restored_name(stage, table, restored))
    return Desk(stage, build(settings, clock), client)


def restored_name(stage: str, table: str, suffix: str) -> str:
    return f"{names.resource(stage, table)}-{suffix}"


class _DeskClock:
    """The local cloud's clock, which a person may have moved."""

    def __init__(self, url: str) -> None:
        self._url = url

    def now(self) -> datetime:
        with urlopen(self._url, timeout=10) as answer:  # noqa: S310  the address is the local cloud's own
            return instant(json.load(answer)["now"])


def _local() -> Clock:
    """Points the AWS SDK at the embedded AWS. Raises Refused when no local cloud has been started here."""
    file = Path(os.environ.get("MOREF_LOCAL_DIR", ".local")) / "outputs.json"
    if not file.is_file():
        raise Refused(f"no local cloud: {file} is missing. Start one with `make up`, or set MOREF_LOCAL_DIR.")
    outputs = json.loads(file.read_text())
    for variable in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(variable, None)
    os.environ |= {
        "AWS_ENDPOINT_URL": outputs["aws_endpoint"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    return _DeskClock(outputs["clock_url"])
