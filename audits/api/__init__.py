"""The REST API of audits, below `/api/audits/`: routes, views and serializers, and nothing else."""
