"""What the platform asks of organizations for its service: plans, trial, subscription, usage, and what lapses."""
