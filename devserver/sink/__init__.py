"""A webhook receiver for developers, in the demo only: shows deliveries as they arrive, and fails on
request."""
