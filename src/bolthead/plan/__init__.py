"""A request's way, decided at set-up: compiled plans, and the runner that follows them."""
