"""Every 15 minutes: looks again at every payout that is not at its end."""

from moref.aws.worker import run_rule
from moref.kernel.env import Reconcile
from moref.rewards.reconcile import reconcile

handler = run_rule(Reconcile, reconcile)
