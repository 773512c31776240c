"""Signing in by OpenID Connect. Off unless OIDC_ISSUER is set."""
