"""Provide the developer tools: private servers, demo, checks. The product imports none of them."""
