"""Texts for codes, by subject. Reports and models only know the codes."""
