"""A Django app for the tests: replaces the `flush` command, which runs after each test that commits."""
