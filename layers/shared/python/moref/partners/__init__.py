"""Partners, who send leads: invited, of a type, by terms, with a statement for each lead."""
