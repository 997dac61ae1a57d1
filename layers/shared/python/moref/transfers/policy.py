"""What becomes of everything at a branch that goes, in words that both sides read before they agree."""

POLICY = {
    "links": "Every link, code and QR code goes on working for ever and leads to the new owner's branch.",
    "consents": (
        "Contacts come with their consents as they were given. Unless it is attested that customers know the branch "
        "under the same name and brand, these are history and permit no advertising. Opt-outs always come along and "
        "win over anything else, later ones that the old owner hears of, too. Erased people stay erased."
    ),
    "rewards": (
        "What was earned before stays the old owner's debt: conversions that wait for a decision, approved rewards and "
        "payouts on their way are decided and paid by the old owner, from its own account."
    ),
    "referrals": (
        "Referrals that earned nothing yet go to the new owner with their evidence, are judged by its program alone, "
        "and can earn nothing at the old owner any more. Tiers and limits count anew there."
    ),
    "credits": (
        "Service credit goes along, in the same amount and currency, since it is taken off this branch's invoices. "
        "Both journals book it against the account branch_transfers: the two owners settle it between themselves."
    ),
    "discount_codes": "Discount codes stay with the old owner, who redeems them or lets them end.",
    "partners": (
        "Partners keep their link and are invited anew: what they earn waits until they accept the terms that the new "
        "owner's program asks for."
    ),
    "crm": "The connection to a CRM, the sender of texts and the provider of rewards are the new owner's own.",
}
