"""Apps with real databases and stores, which are killed under load. See `make test-stores`."""
