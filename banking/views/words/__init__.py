"""Codes in words, a room for each subject: reports and models know codes alone."""
