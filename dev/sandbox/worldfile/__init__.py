"""Worlds from files: JSON in Pluggy's own shapes, checked, completed, compared and written."""
