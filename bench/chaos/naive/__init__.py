"""What most people build first, to show what the harness sees: on_commit + delay(), the payload in the message, no outbox."""
