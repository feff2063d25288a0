"""Misbehaviour on request or at random by seed: what may go wrong (rules), when (chaos), and how (door)."""
