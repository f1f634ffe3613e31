"""A toy study, as small as one can be: it fits a line by gradient descent. The house must need nothing else of it.

Tests copy it into a copy of the project, below backend/studies, and add one line to the table of studies.
"""
