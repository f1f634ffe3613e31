"""What a student inherits: LoRA with BA-LoRA's terms on a model whose defects were planted and can be counted."""
