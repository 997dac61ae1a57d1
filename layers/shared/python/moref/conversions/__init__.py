"""A referral whose job reached the qualifying fact: held, approved or rejected."""
