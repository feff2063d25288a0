"""API faults: answers that are late, wrong, incomplete or missing, on request."""
