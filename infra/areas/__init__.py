"""One file per area of the product: its functions, what triggers them and what each may do."""
