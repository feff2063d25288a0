"""Everything the local Pluggy remembers, in one SQLite file; one module per noun."""
