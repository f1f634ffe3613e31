"""Imported by workers that are told to (test_pool.py)."""
