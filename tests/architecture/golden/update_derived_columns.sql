UPDATE ledger_transaction AS old
SET (local_date, signed_amount, kind, kind_reason, category_id, accrual_month, cash_month, signed_amount_currency, rule_id) = (new.local_date, new.signed_amount, new.kind, new.kind_reason, new.category_id, new.accrual_month, new.cash_month, new.signed_amount_currency, new.rule_id)
FROM unnest(%s::uuid[], %s::date[], %s::numeric[], %s::text[], %s::text[], %s::text[], %s::date[], %s::date[], %s::text[], %s::bigint[])
    AS new (id, local_date, signed_amount, kind, kind_reason, category_id, accrual_month, cash_month, signed_amount_currency, rule_id)
WHERE old.id = new.id
