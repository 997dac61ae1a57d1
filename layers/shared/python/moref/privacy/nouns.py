"""The class of a noun, by its name: a use-case that goes over everything cannot name each. Imported when called."""

from functools import cache
from importlib import import_module

from moref.records import REGISTRY, Entity

# Where nouns are declared; a test fails when one is declared elsewhere.
MODULES = (
    "api.allowance", "api.idempotency", "billing.model", "books.model", "budgets.model", "campaigns.model",
    "campaigns.send_now", "conversions.model", "hourly", "imports.model", "intake.model", "intake.pulled",
    "messaging.model", "messaging.pace", "messaging.reputation", "messaging.senders", "messaging.template_model",
    "partners.model", "privacy.model", "programs.model", "referrals.model", "reporting.ad_spend",
    "reporting.counters", "reporting.digest", "reporting.display_name", "reporting.model", "rewards.benefit_model",
    "rewards.funding", "rewards.goodwill_model", "rewards.model", "rewards.new_address", "signin.model",
    "tenants.model", "transfers.model",
)  # fmt: skip


@cache
def nouns() -> dict[str, type[Entity]]:
    """Every noun of the product, by name."""
    for module in MODULES:
        import_module(f"moref.{module}")
    return {name: kind for name, kind in sorted(REGISTRY.items()) if kind.__module__.startswith("moref.")}
