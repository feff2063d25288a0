"""World files: JSON in Pluggy's format that is checked, completed, compared and stored."""
