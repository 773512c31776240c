"""The OpenAPI document: what the generator of drf-spectacular cannot guess from views and serializers."""
