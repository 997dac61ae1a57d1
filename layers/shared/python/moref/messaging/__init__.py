"""One SMS or e-mail at a time: may it leave, through which channel, and what became of it."""
