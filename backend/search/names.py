"""Names: the moves, objectives and geometries that a search may be given. No torch: configs and forms read them."""

MOVES = ("question", "phrase", "word", "token", "written")  # see moves.py
WHOLE = ("question", "written")  # moves that bring another answer with their question
OBJECTIVES = ("error", "answers", "matching")  # see objectives.py
GEOMETRIES = ("adam", "subspace")  # see core/training/influence.py and alignment.py
