"""What accountants ask of the ledger: months and their close, payees' years, the provider's orders, an import file."""
