"""Peers: what a user would otherwise run, each algorithm written anew from its description, as short as it goes."""
