"""`make soak`: everybody acts at random, and an oracle knows what must hold (docs/how-to/soak.md)."""
