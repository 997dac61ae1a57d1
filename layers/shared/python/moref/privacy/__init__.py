"""What is held of a person, how it is erased, handed out and kept, for every noun in one place."""
