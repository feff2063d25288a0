"""A stand-alone imitation of the Pluggy API, with invented banks, people and money."""
