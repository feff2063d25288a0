-- The tables of the local Pluggy. Times are ISO texts in UTC (sortable); money is integer cents; due times are Unix seconds.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS marks (key TEXT PRIMARY KEY, value TEXT NOT NULL); -- small facts a reset forgets
CREATE TABLE IF NOT EXISTS items (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    due_at REAL,                         -- when the next step of a run is due; NULL when no run is open
    data TEXT NOT NULL                   -- the Item dataclass as JSON
);
CREATE INDEX IF NOT EXISTS items_due ON items (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS gone_items (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY,
    item_id TEXT NOT NULL,
    kind TEXT NOT NULL,                  -- checking, savings, card
    position INTEGER NOT NULL,
    type TEXT NOT NULL,
    opening_cents INTEGER NOT NULL,
    data TEXT NOT NULL                   -- the account as the API gives it
);
CREATE INDEX IF NOT EXISTS accounts_item ON accounts (item_id, position);
CREATE TABLE IF NOT EXISTS transactions (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    date TEXT NOT NULL,
    created_at TEXT NOT NULL,
    cents INTEGER NOT NULL,              -- in the account's currency, with the sign the API gives
    status TEXT NOT NULL,
    bill_id TEXT,
    told INTEGER NOT NULL,               -- 1 from the generator, 0 added by hand in the control room
    data TEXT NOT NULL                   -- the transaction as the API gives it
);
CREATE INDEX IF NOT EXISTS transactions_page ON transactions (account_id, date DESC, id DESC);
CREATE INDEX IF NOT EXISTS transactions_new ON transactions (account_id, created_at);
CREATE TABLE IF NOT EXISTS gone_transactions (id TEXT PRIMARY KEY, account_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (     -- investments, loans, identities, consents and the like
    id TEXT PRIMARY KEY,
    item_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent_id TEXT,                      -- the investment of an investment's transaction, the account of a statement
    position INTEGER NOT NULL,
    data TEXT NOT NULL                   -- as the API gives it
);
CREATE INDEX IF NOT EXISTS records_item ON records (item_id, kind, position);
CREATE INDEX IF NOT EXISTS records_parent ON records (parent_id, kind, position) WHERE parent_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS bills (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    due_date TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bills_account ON bills (account_id, due_date DESC);
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    disabled_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    event TEXT NOT NULL,
    item_id TEXT,
    created_at TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_item ON events (item_id, position);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    position INTEGER NOT NULL,           -- the order in which deliveries are tried
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    state TEXT NOT NULL,                 -- waiting, delivered, refused (401), given_up
    tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, position);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    status INTEGER,                      -- NULL when no answer came
    error TEXT,
    milliseconds INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery_id);
