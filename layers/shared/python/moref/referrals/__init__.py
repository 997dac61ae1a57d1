"""Advocates and their links, clicks, quotes, and which job belongs to which referral."""
