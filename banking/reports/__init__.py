"""Compute what pages show: a user and a period in, small frozen values out. Pages read data only through here."""
