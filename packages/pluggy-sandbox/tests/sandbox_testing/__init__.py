"""Helpers of the tests: the program as a child process, a client, a webhook receiver and sample data."""
