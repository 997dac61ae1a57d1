"""Rewards and what they become, as it can be read: credits, their uses, discount codes, debts."""

from moref.api.resource import PLACE, STATUS, Resource, words
from moref.rewards.benefit_model import CreditAccount, CreditUse, Debt, DiscountCode
from moref.rewards.model import Reward

REWARD = Resource(
    "rewards",
    Reward,
    words(
        "advocate_id contact_id who conversion_id goodwill_id location_id legal_entity_id kind discount words amount"
        " withheld currency status reason approved_at released_at issued_at redeemed_at code account_id debt_id"
    ),
    "what advocates and their friends earned; amounts in minor units",
    STATUS | PLACE | {"advocate_id": "parent"},
    ("reward",),
)

DISCOUNT_CODE = Resource(
    "discount-codes",
    DiscountCode,
    words(
        "reward_id contact_id location_id amount basis_points currency valid_until status redeemed_amount redeemed_at"
        " redeemed_by job_id given_back_at given_back_words"
    ),
    "codes worth money off, once; amounts in minor units",
    STATUS | PLACE | {"reward_id": "parent"},
)
DEBT = Resource(
    "debts",
    Debt,
    words("reward_id advocate_id contact_id location_id currency due amount settled cause words status"),
    "paid rewards that are owed back; kept from later rewards",
    STATUS | PLACE | {"advocate_id": "parent"},
)
BENEFIT_ROWS = (
    REWARD,
    DISCOUNT_CODE,
    DEBT,
    Resource(
        "credit-accounts",
        CreditAccount,
        words("legal_entity_id contact_id location_id currency lots"),
        "service credit by person and payer; minor units left of each reward",
        PLACE | {"contact_id": "parent"},
    ),
    Resource(
        "credit-uses",
        CreditUse,
        words(
            "job_id contact_id location_id connection_id external_id amount currency parts status turn note"
            " applied_at undone_at undone_note"
        ),
        "service credit taken off invoices",
        STATUS | PLACE | {"contact_id": "parent"},
    ),
)
