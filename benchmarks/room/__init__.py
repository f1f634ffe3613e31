"""Room: how much all the data teaches beyond a few random questions, and how much such sets differ."""
