"""Exceptions from cdk-nag, written beside the resource they concern."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding of one rule on this construct; the reason is for the next reader."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
