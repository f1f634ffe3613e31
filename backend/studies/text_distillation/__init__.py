"""Text data distillation by trajectory matching: config, run, presets. Nothing is imported until it is asked for."""
