"""One app on Flask and on Bolthead: every answer must be the same, byte for byte."""
