"""A user's data as a whole: which tables have it, how it is erased, taken along and brought back."""
