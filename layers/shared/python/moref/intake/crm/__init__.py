"""One file per CRM, found by name. Standard library only at import: the hot door loads them.

Besides the contract in `kernel.webhook` (verify, event_id, KEEP_HEADERS) an adapter has
    parse(body, headers) -> dict | None    the notice in the shape of `intake.notice.JobNotice`, None for an event that
                                           is not about a job; raises Malformed on what cannot be read
"""
