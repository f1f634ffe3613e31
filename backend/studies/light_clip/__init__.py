"""Small vision-language models, trained better without a teacher (LightCLIP)."""
