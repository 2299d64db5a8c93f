"""A chat between people in rooms; app.py makes it."""
