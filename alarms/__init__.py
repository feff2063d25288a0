"""What an operator should know of: raised once, seen again, cleared by itself."""
