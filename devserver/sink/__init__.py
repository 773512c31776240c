"""A webhook receiver for developers: shows deliveries as they arrive, and fails on request."""
