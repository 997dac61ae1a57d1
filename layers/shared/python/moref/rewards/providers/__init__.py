"""One file per provider of gift cards, found by name: `client(secret, base_url)` and kernel.webhook's contract."""
