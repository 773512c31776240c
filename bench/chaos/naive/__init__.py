"""What most people build first: on_commit and delay(), the payload in the message, no outbox.

It must lose events under the same kills, or `make chaos` would not notice a loss.
"""
