"""The banking domain: connections, the ledger of transactions, ingest, reports and their web pages."""
