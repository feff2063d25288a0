"""The invented world: people, shops and a year of believable money, the same for the same seed."""
