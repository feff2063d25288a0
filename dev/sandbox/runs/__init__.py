"""Collecting runs: the steps an item walks through, and what is collected at the end of them."""
