"""Webhooks on their way: what happened, who is to be told, and the courier that tries and tries again."""
