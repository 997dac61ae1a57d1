"""Synthesises the product's stacks: `python -m infra.app --stage local`, or through the CDK CLI (`-c stage=dev`).

Needs no AWS credentials and no Node installation.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra import openapi
from infra.data_stack import DataStack
from infra.service_stack import ServiceStack
from infra.stages import read_stage
from moref.kernel import names

CONTEXT = ("stage", "base_url", "mail_domain", "alarm_email", "token_keys", "restored", "restored_stream")


def build(app: App, stage_names: Sequence[str], context: Mapping[str, str | None]) -> None:
    """Adds the two stacks of each stage, and the check that interrupts synthesis on an unexplained finding."""
    openapi.write()
    for name in stage_names:
        stage = read_stage(name, context)
        ServiceStack(app, stage, DataStack(app, stage))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", action="append", choices=names.STAGES, help="default: context `stage`, else local")
    parser.add_argument("--out", help="folder of the cloud assembly; default: the CDK CLI's choice, else cdk.out")
    options = parser.parse_args(arguments)
    app = App(outdir=options.out)
    context = {key: app.node.try_get_context(key) for key in CONTEXT}
    build(app, options.stage or [context["stage"] or "local"], context)
    app.synth()


if __name__ == "__main__":
    main(sys.argv[1:])
