"""The ledger: accounts, transactions and what is derived from them or decided by the user."""
