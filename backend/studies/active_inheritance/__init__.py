"""Active inheritance: several texts a prompt, one of them kept by a measure, and a student taught what was kept."""
