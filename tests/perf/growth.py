"""Whether what is done for one costs more when more others wait."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.cloud import Cloud, running_bare
from infra.local.layout import ACCOUNT, REGION, REPOSITORY
from moref.kernel import names
from tests.contract.conftest import _description
from tests.perf.measure import NotMeasured, Pair

FEW = 100
SENDER = "hello@mail.example.test"
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
TIMEOUT_SECONDS = 600


def _environment(cloud: Cloud) -> dict[str, str]:
    """As a worker's in the local stage. The platform's secret and key are made here."""
    secret = cloud.boto("secretsmanager").create_secret(Name="bench", SecretString="not a real secret")["ARN"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
    paths = [REPOSITORY / "layers/shared/python", REPOSITORY / "functions", REPOSITORY]
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "PYTHONPATH": ":".join(map(str, paths)), "PYTHONHASHSEED": "0", "AWS_ENDPOINT_URL": cloud.layout.aws_url,
        "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "STAGE": "local", "CORE_TABLE": "moref-local-core", "TRAFFIC_TABLE": "moref-local-traffic",
        "LEDGER_TABLE": "moref-local-ledger", "BASE_URL": "http://127.0.0.1", "PLATFORM_SECRET": secret,
        "KMS_KEY": cloud.boto("kms").create_key()["KeyMetadata"]["Arn"],
        "QUEUE_PREFIX": f"{cloud.layout.aws_url}/{ACCOUNT}/", "SCHEDULE_GROUP": "default",
        "FILES_BUCKET": "bench-files",
        "SCHEDULE_ROLE": f"arn:aws:iam::{ACCOUNT}:role/scheduler", "QUEUE_ARN_PREFIX": arn, "MAIL_FROM": SENDER,
        "TOKEN_KEYS": "1",
        "VENDOR_URLS": json.dumps({"tremendous": f"{cloud.desk}/tremendous/api/v2"}),
    }  # fmt: skip


def _furnish(cloud: Cloud) -> None:
    for table in names.TABLES:
        cloud.boto("dynamodb").create_table(**_description(names.resource("local", table)))
    for queue in names.QUEUES:
        cloud.boto("sqs").create_queue(QueueName=names.resource("local", queue))
    cloud.boto("sesv2").create_email_identity(EmailIdentity=SENDER)
    cloud.boto("sesv2").create_configuration_set(ConfigurationSetName=names.resource("local", names.MAIL_CONFIGURATION))


@dataclass(frozen=True, slots=True)
class Growth:
    """`module` runs in processes of its own: it plants so many that wait, and does the work on one that is due."""

    module: str
    many: int

    def pairs(self, folder: Path, ports: int) -> tuple[Pair, Pair, Pair]:
        """The many's figure, the few's, and their ratio: calls, bytes, instructions."""
        if shutil.which("valgrind") is None:
            raise NotMeasured("valgrind is not installed")
        few, many = (self._measure(folder, ports, waiting) for waiting in (FEW, self.many))
        calls, size, work = (
            Pair(float(value), float(floor), round(value / floor, 6)) for value, floor in zip(many, few, strict=True)
        )
        return calls, size, work

    def _measure(self, folder: Path, ports: int, waiting: int) -> tuple[int, int, float]:
        """Of one more in a warm process: calls, bytes of the answers, millions of instructions."""
        with running_bare(folder, ports) as cloud:
            _furnish(cloud)
            environment = _environment(cloud)
            due, _ = self._run(environment, "plant", str(waiting))
            asked, _ = self._run(environment, "fire", given=due[:2])
            one, two = self._instructions(environment, due[2:3]), self._instructions(environment, due[3:5])
            return asked["calls"], asked["bytes"], two - one

    def _instructions(self, environment: dict[str, str], due: list[Any]) -> float:
        """Of the process, in millions."""
        _, said = self._run(environment, "fire", given=due, before=VALGRIND)
        refs = re.search(r"I\s+refs:\s+([\d,]+)", said)
        if refs is None:
            raise NotMeasured("valgrind told no instructions")
        return int(refs[1].replace(",", "")) / 1e6

    def _run(
        self, environment: dict[str, str], *words: str, given: Any = None, before: tuple[str, ...] = ()
    ) -> tuple[Any, str]:
        done = subprocess.run(
            [*before, sys.executable, "-m", self.module, *words],
            input=json.dumps(given), env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise NotMeasured(f"{self.module} ended with {done.returncode}: {done.stderr[-300:]}")
        return json.loads(done.stdout.splitlines()[-1]), done.stderr


DUE_STEP = Growth("tests.perf.due_step", many=20_000)
REFERRALS = Growth("tests.perf.referral_list", many=20_000)
PAYOUT = Growth("tests.perf.payout_step", many=2_000)
