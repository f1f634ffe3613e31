"""The comparison's files of scores: where they lie, and which metrics are made from them."""

SCORES = "artifacts/scores"
METRICS = ("acc", "acc_norm")
