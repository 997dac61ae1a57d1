"""One file per processor of the platform's own payments."""
