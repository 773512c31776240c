"""Our REST API: routes, views, serializers, filters and pagination, and nothing else."""
