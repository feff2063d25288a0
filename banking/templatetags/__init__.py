"""How amounts, dates and links are written in templates."""
