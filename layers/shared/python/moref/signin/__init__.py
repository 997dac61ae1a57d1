"""Who somebody is: sign-in, tokens, members, API keys."""
