"""The only place that talks to AWS: tables, queues, schedules, mail, keys."""
