"""The task table: its columns, and the filters, orderings and selections that clients send for it."""
