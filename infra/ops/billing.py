"""`billing account` names the platform's own account at Stripe; `agree` and `end` note who pays in another way.

Credentials are read as JSON from standard input, never from the command line, which other users of a machine can see.
"""

import argparse
import json
import sys

from pydantic import ValidationError

from infra.ops.desk import Desk, Refused, confirmed
from moref.billing.account import OVERLAP, StripeAccount, save_account
from moref.billing.refresh import command
from moref.billing.trial import agree
from moref.kernel.names import BILLING


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("billing", help="what organizations pay for the service").add_subparsers(required=True)
    account = actions.add_parser("account", help='{"api_key", "webhook_secret"} of Stripe, as JSON on standard input')
    account.set_defaults(run=_account)
    agreed = actions.add_parser("agree", help="it pays in another way than through Stripe: it is not billed here")
    agreed.set_defaults(run=_agree, agreed=True)
    ended = actions.add_parser("end", help="the agreement ends: what is left of its trial counts, then a subscription")
    ended.set_defaults(run=_agree, agreed=False)
    look = actions.add_parser("look", help="asks Stripe about one organization's subscription, now")
    look.set_defaults(run=_look)
    for each in (agreed, ended, look):
        each.add_argument("--organization", required=True)
    for each in (account, agreed, ended):
        each.add_argument("--by", required=True, help="who decided it; kept in the audit")
        each.add_argument("--yes", action="store_true")


def _account(desk: Desk, options: argparse.Namespace) -> int:
    hours = int(OVERLAP.total_seconds() // 3600)
    confirmed(options.yes, f"The API key would be replaced at once, the webhook secret with {hours} hours of overlap.")
    try:
        form = StripeAccount.model_validate(json.loads(sys.stdin.read()))
    except ValidationError as error:
        # Pydantic's own text would repeat the secrets.
        fields = ", ".join(sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()}))
        raise Refused(f"not credentials of Stripe: {fields}") from None
    except ValueError:
        raise Refused("standard input must be a JSON object with api_key and webhook_secret") from None
    path = save_account(desk.runtime, form, actor=f"operator:{options.by}")
    desk.say(f"Stripe's webhooks go to {desk.runtime.settings.base_url}{path}")
    return 0


def _agree(desk: Desk, options: argparse.Namespace) -> int:
    organization = options.organization
    what = "would not be billed here any more" if options.agreed else "would need a subscription once its trial is over"
    confirmed(options.yes, f"{organization} {what}.")
    agree(desk.runtime, organization, agreed=options.agreed, actor=f"operator:{options.by}")
    desk.say(f"{organization}: {'agreed' if options.agreed else 'the agreement has ended'}")
    return 0


def _look(desk: Desk, options: argparse.Namespace) -> int:
    desk.runtime.queues.send(BILLING, command(options.organization))
    desk.say("sent: within moments the row says what Stripe says")
    return 0
