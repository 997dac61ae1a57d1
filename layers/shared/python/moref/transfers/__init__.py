"""A branch that was sold goes to another organization: its links, its people's wishes, and what is owed there."""
