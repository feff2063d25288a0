"""Compare the product with other programs that report spending by category."""
