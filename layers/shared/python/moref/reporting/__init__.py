"""What campaigns achieved, counted as it happens."""
