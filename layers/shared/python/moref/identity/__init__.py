"""Whether two descriptions are of one person or household: names, addresses and the rule that weighs them. Pure."""
