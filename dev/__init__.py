"""The developer's tools: private services, demo, checks, local Pluggy; the product imports none of them."""
