"""Diffusion models of text and picture: sampled, made faster, and measured."""
