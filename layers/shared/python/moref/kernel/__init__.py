"""What everything else stands on. Standard library only: the two hot doors import from here."""
