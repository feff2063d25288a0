"""The same question asked of other programs: what was spent, by category."""
