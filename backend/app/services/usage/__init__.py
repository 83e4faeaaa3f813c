"""What was spent: the ledger read, told, entered by hand and checked."""
