"""The student's bench: fine-tune one student on one data set, and score it as the harness does."""
