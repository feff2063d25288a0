"""Slow tests with random histories, crashes and real processes."""
