-- The tables of the sandbox. Unless noted, times are ISO texts in UTC, money is integer cents, and due times are Unix
-- seconds. There are no migrations: after any change of this file the next start deletes the old state.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS key_values (key TEXT PRIMARY KEY, value TEXT NOT NULL); -- single values that a reset deletes
CREATE TABLE IF NOT EXISTS items (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    due_at REAL,                         -- when the next step of a run is due; NULL when no run is open
    data TEXT NOT NULL                   -- the Item dataclass as JSON
);
CREATE INDEX IF NOT EXISTS items_due ON items (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS deleted_items (id TEXT PRIMARY KEY);
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
CREATE TABLE IF NOT EXISTS account_numbers ( -- short keys of accounts, which every transaction repeats
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS transactions ( -- in the order of a page, so that a page is one sequential read
    account INTEGER NOT NULL,            -- account_numbers.number
    date INTEGER NOT NULL,               -- milliseconds since 1970, like created
    id BLOB NOT NULL,                    -- the uuid's 16 bytes
    created INTEGER NOT NULL,
    cents INTEGER NOT NULL,              -- in the account's currency, with the API's sign
    status TEXT,
    generated INTEGER NOT NULL,          -- 1 generated, 0 added in the control panel
    data BLOB NOT NULL,                  -- all other fields of the API, compressed (packing.py)
    PRIMARY KEY (account, date, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS transactions_id ON transactions (id);
CREATE INDEX IF NOT EXISTS transactions_new ON transactions (account, created, status, cents);
CREATE INDEX IF NOT EXISTS transactions_manual ON transactions (account) WHERE generated = 0;
CREATE TABLE IF NOT EXISTS deleted_transactions (
    id BLOB PRIMARY KEY,
    account INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deleted_account ON deleted_transactions (account);
CREATE TABLE IF NOT EXISTS merchants (   -- merchants that a transaction has named
    cnpj TEXT PRIMARY KEY,               -- digits
    data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS category_rules (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    data TEXT NOT NULL                   -- in the format of the API
);
CREATE TABLE IF NOT EXISTS records (     -- investments, loans, identities, consents and the like
    id TEXT PRIMARY KEY,
    item_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent_id TEXT,                      -- the investment of an investment's transaction, the account of a statement
    position INTEGER NOT NULL,
    data TEXT NOT NULL                   -- in the format of the API
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
    updated_at TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0  -- consecutive deliveries given up; a success or a PATCH resets it
);
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    event TEXT NOT NULL,
    item_id TEXT,
    created_at TEXT NOT NULL,
    payload TEXT NOT NULL,
    fault TEXT                           -- the delivery fault: lost, doubled, delayed, reordered, forged
);
CREATE INDEX IF NOT EXISTS events_item ON events (item_id, position);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    position INTEGER NOT NULL,           -- the order in which deliveries are tried
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    webhook_id TEXT,                     -- NULL: the webhookUrl of an item
    state TEXT NOT NULL,                 -- waiting, delivered, refused (401), given_up, disabled, lost
    tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    fault TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_position ON deliveries (position);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    status INTEGER,                      -- NULL without a response
    error TEXT,
    milliseconds INTEGER NOT NULL,
    response TEXT NOT NULL               -- the beginning of the response body
);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery_id);
