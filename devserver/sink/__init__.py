"""A receiver of webhooks for developers, in the demo only: shows what arrives, and fails on request, to see the retries."""
