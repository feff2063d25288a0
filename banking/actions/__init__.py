"""What a person may do, by noun: connections, transactions. The only other hand that writes."""
