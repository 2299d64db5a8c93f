"""A stand-in for a music provider: OAuth 2 with PKCE and an API, in memory, for demo and tests."""
