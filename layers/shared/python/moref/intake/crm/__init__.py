"""One file per CRM, found by name. Standard library only at import: the hot door loads them.

Besides the contract in `kernel.webhook` (verify, event_id, KEEP_HEADERS) an adapter has
    parse(body, headers) -> dict | None    the notice in the shape of `intake.notice.JobNotice`, None for an event that
                                           is not about a job; raises Malformed on what cannot be read
A CRM that only tells THAT something changed has THIN = True: its `parse` gives an `intake.pulled.Signal`, and besides
    client(secret, base_url) -> intake.reader.Reader       reads and writes through its API, for workers
    status_facts() -> Mapping[int, frozenset[FactKind]]    from its status codes to the facts that hold in each
Secrets that a CRM sends as a header reach `verify` as "sha256:" and the digest: nothing else of them is kept.
"""
