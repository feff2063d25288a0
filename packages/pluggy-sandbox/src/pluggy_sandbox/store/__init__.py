"""The SQLite store, with one module for each resource."""
