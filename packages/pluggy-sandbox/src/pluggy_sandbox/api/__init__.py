"""The imitated API: one blueprint for each resource; all check the same keys and rate limits."""
