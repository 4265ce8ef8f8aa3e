"""What a request may do to records: one module an action."""
