"""Tells other systems what happened: endpoints, an outbox of events, signed deliveries with retries."""
