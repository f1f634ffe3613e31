"""Models of pictures and captions: their parts, losses, training and scoring. Knows nothing of any study."""
