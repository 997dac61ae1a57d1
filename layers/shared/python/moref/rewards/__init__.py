"""What an advocate earns and how it is paid, once, with a ledger that balances."""
