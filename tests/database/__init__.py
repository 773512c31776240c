"""Test support as a Django app: it replaces the `flush` command, which Django runs after each test that
commits."""
