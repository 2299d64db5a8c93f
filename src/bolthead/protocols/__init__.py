"""How a server reaches the app: one module for each protocol, all asking the same of it."""
