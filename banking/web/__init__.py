"""The web side of banking: views, forms, labels, admin, tasks and management commands."""
