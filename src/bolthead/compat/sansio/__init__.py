"""``flask.sansio``: one class serves for both halves of Flask's, so these only name them."""
