"""Benchmarks: one command each, real servers, ratios from one run; never a test that a slow machine fails."""
