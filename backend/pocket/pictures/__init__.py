"""Pocket Pictures: a bundled world of small pictures and captions, drawn by code. Nothing happens at import."""
