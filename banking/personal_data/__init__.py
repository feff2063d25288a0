"""A user's data as a whole: which tables have it, how it is erased and taken along."""
