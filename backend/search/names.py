"""Names: the moves and the objectives that a search may be given. No torch: configs and forms read them."""

MOVES = ("question", "phrase", "word", "token")  # see moves.py
OBJECTIVES = ("error", "answers", "matching")  # see objectives.py
