"""Pocket Science: the bundled world, small enough to rebuild offline in minutes. Nothing happens at import."""
