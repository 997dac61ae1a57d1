"""What a location may spend on rewards in a period."""
