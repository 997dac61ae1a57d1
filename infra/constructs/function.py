"""A Lambda function of the product: its folder, its contract, its own role and nothing more."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.layers import ARCHITECTURE, ROOT, RUNTIME, UNUSED, Layers, compile_for_runtime
from infra.constructs.work_queue import WORKER_TIMEOUT
from infra.stages import Stage
from moref.kernel.env import CONTRACTS


@dataclass(frozen=True, slots=True)
class Size:
    """Memory buys CPU in Lambda. `light` functions import the standard library and our own code only."""

    memory_mb: int
    timeout: Duration
    light: bool = False


DOOR = Size(256, Duration.seconds(5), light=True)
PAGE = Size(512, Duration.seconds(10))
WORKER = Size(512, WORKER_TIMEOUT)


class ProductFunction(Construct):
    """Runs `functions/<name>/handler.py`. `name` is its key in `env.CONTRACTS`."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        stage: Stage,
        layers: Layers,
        settings: Mapping[str, str],
        size: Size,
        may: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, "".join(part.capitalize() for part in name.split("_")))
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{stage.resource(name)}",
            retention=stage.log_retention,
            removal_policy=stage.removal_policy,
        )
        # The attribute ends in ":*" (the group's streams); the managed policy would allow every group of the account.
        write_log = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            # Inside the role, so that nothing can run before it is allowed to.
            inline_policies={"function": iam.PolicyDocument(statements=[write_log, *may])},
        )
        deps = [] if size.light or layers.deps is None else [layers.deps]
        with function_code(name, layers.runtime) as folder:
            code = lambda_.Code.from_asset(str(folder))  # copied while the function is made
            self.function = lambda_.Function(
                self,
                "Function",
                function_name=stage.resource(name),
                runtime=RUNTIME,
                architecture=ARCHITECTURE,
                handler=f"{name}.handler.handler",
                code=code,
                layers=[layers.shared, *deps],
                environment=CONTRACTS[name].to_env(settings),
                memory_size=size.memory_mb,
                timeout=size.timeout,
                role=self.role,
                log_group=log_group,
            )


@contextmanager
def function_code(name: str, runtime: tuple[int, int]) -> Iterator[Path]:
    """A folder that holds the function's own and nothing else, so that it imports as `<name>.handler`."""
    source = ROOT / "functions" / name
    if not (source / "handler.py").is_file():
        raise FileNotFoundError(f"functions/{name}/handler.py: CONTRACTS names it")
    with tempfile.TemporaryDirectory(prefix=f"moref-{name}-") as scratch:
        folder = Path(scratch) / "function"
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*UNUSED))
        compile_for_runtime(folder, runtime, "/var/task")
        yield folder
