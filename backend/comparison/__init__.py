"""The comparison: data sets of equal size, chosen or distilled by every method, judged by the students they make."""
