"""What CRMs tell us: verified webhooks become facts about jobs and contacts."""
