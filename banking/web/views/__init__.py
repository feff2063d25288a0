"""The doors of the banking pages: translate the request, make one call inward, translate back."""
