"""What only the team can open, until it is mailed and forgotten."""
