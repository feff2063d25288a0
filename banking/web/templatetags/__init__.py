"""Template filters and tags: amounts, dates, labels and links."""
