"""The desk: sandboxes of the outside systems, the page of sent messages, and the clock's public door."""
