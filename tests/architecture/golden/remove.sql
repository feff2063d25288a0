WITH removed AS (
        UPDATE ledger_transaction SET deleted_at = %(now)s
        WHERE account_id = %(account)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
        RETURNING *
    ), history AS (
        INSERT INTO ledger_transactionchange (user_id, transaction_id, source, changes)
        SELECT user_id, id, 'bank', '{"gone": [false, true]}' FROM removed
    ), moved AS (
        SELECT -1 AS sign, "local_date", "user_id", "account_id", "signed_amount_currency", "accrual_month", "cash_month", "category_id", "kind", "signed_amount" FROM removed
    ), delta AS (
    SELECT user_id, account_id, currency, basis, month, category_id, kind, sum(total), sum(transaction_count)
    FROM (
        SELECT user_id, account_id, signed_amount_currency AS currency, basis, month, category_id, kind,
               sign * signed_amount AS total, sign AS transaction_count
        FROM moved CROSS JOIN LATERAL (
            VALUES ('accrual', accrual_month), ('cash', cash_month)
        ) AS counted (basis, month)
    ) AS each
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(total) <> 0 OR sum(transaction_count) <> 0
)
    SELECT count.*, delta.*
    FROM (SELECT count(*), min(local_date), max(local_date) FROM removed) AS count LEFT JOIN delta ON true
