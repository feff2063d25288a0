"""Value types that need no database: amounts, dates and periods, documents, comparable text."""
