"""Mo-ref: completed jobs become referrals, referrals become paid rewards."""
