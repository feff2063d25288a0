"""Runs: the steps that an item goes through, and the data collected at their end."""
