"""Rewards that were released or reversed, and payouts whose time has come."""

from moref.aws.worker import worker
from moref.kernel.env import PayoutWorker
from moref.rewards.work import work

handler = worker(PayoutWorker, work)
