"""TinyCLIP as a study. Nothing happens at import."""
