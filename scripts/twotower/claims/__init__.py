"""Rules of decision, what they find, and the ledger of claims."""
