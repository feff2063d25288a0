"""The imitated API: one blueprint per noun, all behind the same guard."""
