"""Which metrics of a comparison's students are kept. Where their scores lie is in backend.runs.results."""

METRICS = ("acc", "acc_norm")
