"""A user's data as a whole: which tables have it, and how it is erased."""
