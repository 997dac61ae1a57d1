"""`python -m infra.ops --stage prod <verb>`; with `--local` the cloud of $MOREF_LOCAL_DIR.

  stop, start, switches     the stop switches: payouts, sends, connectors; everywhere or for one organization
  look                      payouts, messages, leads, webhooks in a state that needs somebody, and why
  dlq list|show|redrive|discard
                            what failed five times, and sending it back to its queue
  replay                    works on stored webhooks of one organization again
  sweep                     sends what is late, now instead of at the next round
  rotate connection|vendor  a new signing secret, or new credentials of an outside system
  billing account|agree|end|look
                            the platform's own account at Stripe, and organizations that pay in another way
  google                    lets people sign in with Google: its client, on standard input
  backup, restore           see infra/ops/runbooks/restore.md: the steps and their order

Exit codes: 0 done; 1 it failed, or something is left to do (said so); 2 refused, nothing was done.

Permissions of the operator's role, beside those of a person who only looks (CloudWatch, logs):
  lambda:GetFunctionConfiguration on the api function (its settings name tables, queues and keys)
  dynamodb:GetItem, Query, PutItem, UpdateItem, ConditionCheckItem on the three tables and their indexes
    (never UpdateItem on the ledger: it is append-only for operators, too)
  sqs:SendMessage on the work queues; sqs:GetQueueAttributes, ReceiveMessage, DeleteMessage, ChangeMessageVisibility,
    StartMessageMoveTask on the dead-letter queues and stream-router-failed
  kms:Encrypt, kms:Decrypt on the tenant key and secretsmanager:GetSecretValue on the platform's secret
    (rotate, billing account, google, restore)
  scheduler:CreateSchedule, GetSchedule, DeleteSchedule in the group and iam:PassRole of the scheduler's role (restore)
  dynamodb:CreateBackup, DescribeBackup, ListBackups, RestoreTableToPointInTime, RestoreTableFromBackup, DescribeTable,
    UpdateTable, UpdateTimeToLive, UpdateContinuousBackups on moref-<stage>-* (backup, restore)
  dynamodb:DeleteItem on look-ups of core (dynamodb:LeadingKeys *#lookup#*), s3:ListBucket, GetObject, DeleteObject on
    the files (restore: who was erased is erased again)
Give the last four groups to a role of its own that people assume for the occasion.
"""

import argparse
import sys
from collections.abc import Sequence

from infra.ops import billing, dlq, google, look, replay, restore, rotate, sweep, switches
from infra.ops.desk import Refused, open_desk
from moref.kernel.errors import MorefError
from moref.kernel.names import STAGES

VERBS = (switches, look, dlq, replay, sweep, rotate, billing, google, restore)


def parser() -> argparse.ArgumentParser:
    """Each verb sets `run(desk, options) -> exit code`."""
    found = argparse.ArgumentParser(
        prog="python -m infra.ops", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = found.add_mutually_exclusive_group(required=True)
    which.add_argument("--stage", choices=STAGES)
    which.add_argument("--local", action="store_const", dest="stage", const="local")
    verbs = found.add_subparsers(required=True, metavar="verb")
    for verb in VERBS:
        verb.add(verbs)
    return found


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        desk = open_desk(options.stage, restored=getattr(options, "restored", None))
        return int(options.run(desk, options))
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return 2
    except MorefError as error:
        print(f"failed ({error.code}): {error.detail}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
