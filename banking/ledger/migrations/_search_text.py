"""SQL of the search texts: the function that folds a transaction's texts, and the triggers that keep them."""

# Folded as in banking/money/text.py. No text that people type contains the separator.
CREATE_FUNCTION = r"""
    CREATE FUNCTION ledger_search_text(
        description text, merchant text, counterparty text, reason text, note text
    )
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT translate(lower(description || E'\x1f' || merchant || E'\x1f' || counterparty || E'\x1f'
                               || reason || E'\x1f' || note),
                         'áàâãäéèêëíìîïóòôõöúùûüçñ', 'aaaaaeeeeiiiiooooouuuucn')
    $$
"""
DROP_FUNCTION = "DROP FUNCTION ledger_search_text"
_SQL_ADD = """
    INSERT INTO ledger_searchtext (user_id, key, text)
    SELECT user_id, search_key,
           ledger_search_text(description, merchant_name, counterparty, payment_reason, note)
    FROM (SELECT DISTINCT ON (user_id, search_key) * FROM {transactions} ORDER BY user_id, search_key) AS once
    ON CONFLICT (user_id, key) DO NOTHING
"""
# All new transactions of a statement at once; changed ones only if their text changed.
CREATE_TRIGGERS = f"""
    CREATE FUNCTION ledger_add_search_texts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {_SQL_ADD.format(transactions="added")}; RETURN NULL;
    END $$;
    CREATE TRIGGER add_search_texts AFTER INSERT ON ledger_transaction
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_add_search_texts();
    CREATE FUNCTION ledger_update_search_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {_SQL_ADD.format(transactions="(SELECT NEW.*) AS changed")}; RETURN NULL;
    END $$;
    CREATE TRIGGER update_search_text AFTER UPDATE ON ledger_transaction
        FOR EACH ROW WHEN (OLD.search_key IS DISTINCT FROM NEW.search_key)
        EXECUTE FUNCTION ledger_update_search_text();
"""
DROP_TRIGGERS = """
    DROP TRIGGER add_search_texts ON ledger_transaction;
    DROP TRIGGER update_search_text ON ledger_transaction;
    DROP FUNCTION ledger_add_search_texts, ledger_update_search_text;
"""
