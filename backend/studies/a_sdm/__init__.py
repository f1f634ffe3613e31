"""A-SDM as a study. Nothing happens at import."""
