"""What an advocate is promised: reward rules, their tiers and caps, the terms they accept."""
