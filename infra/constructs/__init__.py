"""Building blocks of the stacks; each makes the safe form the short one."""
