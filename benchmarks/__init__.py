"""Measurements that take minutes: one command each, no part of the tests. Their numbers go into docs/log."""
