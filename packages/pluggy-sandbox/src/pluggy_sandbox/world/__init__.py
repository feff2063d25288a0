"""The generated data: people and years of plausible transactions, the same for the same seed.

A `Customer` is a person at one bank. Each function of `activities` generates one kind of movement for one
month (`salary`, `household`, `card_purchases`, ...). `history` puts the months together with what depends
on them (`bills`, `savings`). Up to here the data do not depend on how a bank reports them.
`bank_settings` (data/banks.json) lists the activities and the reporting style of each bank, and
`bank_view` turns a movement into the transaction that the bank's API shows at a given moment. `accounts`,
`investments`, `loan_contracts` and `documents` generate everything that is not a transaction; `bulk`
generates any number of transactions. Random generators are seeded with the person, the month and a fixed
text. Never change these texts: the data would change.
"""
