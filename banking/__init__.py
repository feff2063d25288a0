"""What the banks know of a person: from Pluggy to rows, from rows to reports."""
