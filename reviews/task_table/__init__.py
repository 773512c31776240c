"""The task table: its columns, and the grammar of filters, orderings and selections that clients send for it."""
