WITH changed AS MATERIALIZED (
        SELECT new."id", new."description", new."description_raw", new."type", new."status", new."amount", new."currency", new."amount_in_account_currency", new."balance", new."occurred_at", new."sort_order", new."bank_category_id", new."operation_type", new."provider_code", new."provider_id", new."payment_method", new."counterparty", new."counterparty_document", new."counterparty_hash", new."is_between_two_documents", new."counterparty_account", new."payment_reason", new."merchant_name", new."merchant_cnpj", new."installment_number", new."total_installments", new."purchased_on", new."card_number", new."bill_id", new."bill_forecast", new."details", new."bank_created_at", new."bank_updated_at", new."local_date", new."signed_amount", new."kind", new."kind_reason", new."category_id", new."accrual_month", new."cash_month", new."signed_amount_currency", new."rule_id", new."user_id", new."account_id", new."read_at", old.local_date AS was_local_date, old.user_id AS was_user_id, old.account_id AS was_account_id, old.signed_amount_currency AS was_signed_amount_currency, old.accrual_month AS was_accrual_month, old.cash_month AS was_cash_month, old.category_id AS was_category_id, old.kind AS was_kind, old.signed_amount AS was_signed_amount, old.description AS was_description, old.merchant_name AS was_merchant_name, old.status AS was_status,
               old.id IS NOT NULL AS was_stored,
               old.id IS NOT NULL AND old.deleted_at IS NULL AS was_live
        FROM incoming_transaction new
        LEFT JOIN LATERAL (SELECT * FROM ledger_transaction WHERE id = new.id OFFSET 0) old ON true
        WHERE old.id IS NULL OR (
            old.account_id = new.account_id
            AND old.user_id = new.user_id
            AND old.bank_updated_at <= new.bank_updated_at
            AND (old.deleted_at IS NULL OR old.deleted_at < new.read_at)
            AND (old.deleted_at IS NOT NULL
                 OR (old."description", old."description_raw", old."type", old."status", old."amount", old."currency", old."amount_in_account_currency", old."balance", old."occurred_at", old."sort_order", old."bank_category_id", old."operation_type", old."provider_code", old."provider_id", old."payment_method", old."counterparty", old."counterparty_document", old."counterparty_hash", old."is_between_two_documents", old."counterparty_account", old."payment_reason", old."merchant_name", old."merchant_cnpj", old."installment_number", old."total_installments", old."purchased_on", old."card_number", old."bill_id", old."bill_forecast", old."details", old."bank_created_at", old."bank_updated_at", old."local_date", old."signed_amount", old."kind", old."kind_reason", old."category_id", old."accrual_month", old."cash_month", old."signed_amount_currency", old."rule_id") IS DISTINCT FROM (new."description", new."description_raw", new."type", new."status", new."amount", new."currency", new."amount_in_account_currency", new."balance", new."occurred_at", new."sort_order", new."bank_category_id", new."operation_type", new."provider_code", new."provider_id", new."payment_method", new."counterparty", new."counterparty_document", new."counterparty_hash", new."is_between_two_documents", new."counterparty_account", new."payment_reason", new."merchant_name", new."merchant_cnpj", new."installment_number", new."total_installments", new."purchased_on", new."card_number", new."bill_id", new."bill_forecast", new."details", new."bank_created_at", new."bank_updated_at", new."local_date", new."signed_amount", new."kind", new."kind_reason", new."category_id", new."accrual_month", new."cash_month", new."signed_amount_currency", new."rule_id")))
    ), written AS (
        INSERT INTO ledger_transaction AS old ("id", "description", "description_raw", "type", "status", "amount", "currency", "amount_in_account_currency", "balance", "occurred_at", "sort_order", "bank_category_id", "operation_type", "provider_code", "provider_id", "payment_method", "counterparty", "counterparty_document", "counterparty_hash", "is_between_two_documents", "counterparty_account", "payment_reason", "merchant_name", "merchant_cnpj", "installment_number", "total_installments", "purchased_on", "card_number", "bill_id", "bill_forecast", "details", "bank_created_at", "bank_updated_at", "local_date", "signed_amount", "kind", "kind_reason", "category_id", "accrual_month", "cash_month", "signed_amount_currency", "rule_id", "user_id", "account_id", "read_at") SELECT "id", "description", "description_raw", "type", "status", "amount", "currency", "amount_in_account_currency", "balance", "occurred_at", "sort_order", "bank_category_id", "operation_type", "provider_code", "provider_id", "payment_method", "counterparty", "counterparty_document", "counterparty_hash", "is_between_two_documents", "counterparty_account", "payment_reason", "merchant_name", "merchant_cnpj", "installment_number", "total_installments", "purchased_on", "card_number", "bill_id", "bill_forecast", "details", "bank_created_at", "bank_updated_at", "local_date", "signed_amount", "kind", "kind_reason", "category_id", "accrual_month", "cash_month", "signed_amount_currency", "rule_id", "user_id", "account_id", "read_at" FROM changed
        ON CONFLICT (id) DO UPDATE
        SET ("description", "description_raw", "type", "status", "amount", "currency", "amount_in_account_currency", "balance", "occurred_at", "sort_order", "bank_category_id", "operation_type", "provider_code", "provider_id", "payment_method", "counterparty", "counterparty_document", "counterparty_hash", "is_between_two_documents", "counterparty_account", "payment_reason", "merchant_name", "merchant_cnpj", "installment_number", "total_installments", "purchased_on", "card_number", "bill_id", "bill_forecast", "details", "bank_created_at", "bank_updated_at", "local_date", "signed_amount", "kind", "kind_reason", "category_id", "accrual_month", "cash_month", "signed_amount_currency", "rule_id", "read_at", "deleted_at")
          = (excluded."description", excluded."description_raw", excluded."type", excluded."status", excluded."amount", excluded."currency", excluded."amount_in_account_currency", excluded."balance", excluded."occurred_at", excluded."sort_order", excluded."bank_category_id", excluded."operation_type", excluded."provider_code", excluded."provider_id", excluded."payment_method", excluded."counterparty", excluded."counterparty_document", excluded."counterparty_hash", excluded."is_between_two_documents", excluded."counterparty_account", excluded."payment_reason", excluded."merchant_name", excluded."merchant_cnpj", excluded."installment_number", excluded."total_installments", excluded."purchased_on", excluded."card_number", excluded."bill_id", excluded."bill_forecast", excluded."details", excluded."bank_created_at", excluded."bank_updated_at", excluded."local_date", excluded."signed_amount", excluded."kind", excluded."kind_reason", excluded."category_id", excluded."accrual_month", excluded."cash_month", excluded."signed_amount_currency", excluded."rule_id", excluded."read_at", NULL)
        WHERE old.account_id = excluded.account_id
        RETURNING id
    ), history AS (
    INSERT INTO ledger_transactionchange (user_id, transaction_id, source, changes)
    SELECT user_id, id, 'bank', changes
    FROM changed CROSS JOIN LATERAL (
        SELECT jsonb_strip_nulls(jsonb_build_object(
            'gone', CASE WHEN NOT was_live THEN '[true, false]'::jsonb END, 'description', CASE WHEN was_description IS DISTINCT FROM description THEN jsonb_build_array(was_description::text, description::text) END, 'merchant_name', CASE WHEN was_merchant_name IS DISTINCT FROM merchant_name THEN jsonb_build_array(was_merchant_name::text, merchant_name::text) END, 'status', CASE WHEN was_status IS DISTINCT FROM status THEN jsonb_build_array(was_status::text, status::text) END, 'local_date', CASE WHEN was_local_date IS DISTINCT FROM local_date THEN jsonb_build_array(was_local_date::text, local_date::text) END, 'signed_amount', CASE WHEN was_signed_amount IS DISTINCT FROM signed_amount THEN jsonb_build_array(was_signed_amount::text, signed_amount::text) END, 'kind', CASE WHEN was_kind IS DISTINCT FROM kind THEN jsonb_build_array(was_kind::text, kind::text) END, 'category_id', CASE WHEN was_category_id IS DISTINCT FROM category_id THEN jsonb_build_array(was_category_id::text, category_id::text) END, 'cash_month', CASE WHEN was_cash_month IS DISTINCT FROM cash_month THEN jsonb_build_array(was_cash_month::text, cash_month::text) END
        )) AS changes
    ) AS differences
    WHERE was_stored AND changes <> '{}'

    ), moved AS (
        SELECT 1 AS sign, "local_date", "user_id", "account_id", "signed_amount_currency", "accrual_month", "cash_month", "category_id", "kind", "signed_amount" FROM changed
        UNION ALL
        SELECT -1, was_local_date, was_user_id, was_account_id, was_signed_amount_currency, was_accrual_month, was_cash_month, was_category_id, was_kind, was_signed_amount FROM changed WHERE was_live
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
    SELECT count.*, dates.*, delta.* FROM (SELECT count(*) FROM written) AS count
    CROSS JOIN (
        SELECT min(least(local_date, was_local_date)), max(greatest(local_date, was_local_date)) FROM changed
    ) AS dates LEFT JOIN delta ON true
