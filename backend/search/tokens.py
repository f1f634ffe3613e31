"""Token proposals: single-token swaps of a text, ranked by the gradient of what the search wants.

Kept only where the changed ids read back as themselves: a text is what any model reads. Source: GCG (Zou et al. 2023),
with its filter. Knows a reader, drafts and gradients; not where these come from.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from backend.core.models.nearest_tokens import to_text, writable_ids
from backend.core.models.readers import Reader
from backend.core.text.prompts import QUESTION_PREFIX, question_prompt
from backend.core.text.token_ids import prompt_ids
from backend.search.moves import Draft, rewritten
from backend.search.trials import Proposal

SWAPS = 4  # tokens that are proposed for one place


def token_proposals(reader: Reader, drafts: Sequence[Draft], slopes: Sequence[Tensor], most: int) -> list[Proposal]:
    """The `most` swaps with the lowest predicted objective. `slopes` are (length, hidden), one for each draft."""
    table = reader.student.table.cpu()
    writable = torch.tensor(writable_ids(reader.tokenizer, len(table)))
    begin = len(prompt_ids(reader.tokenizer, QUESTION_PREFIX.strip()))
    ranked = []
    for slot, (draft, slope) in enumerate(zip(drafts, slopes, strict=True)):
        ids = prompt_ids(reader.tokenizer, question_prompt(draft.question))
        end = len(prompt_ids(reader.tokenizer, QUESTION_PREFIX + draft.question))
        for place in range(begin, end):
            gain = table[writable] @ slope[place] - table[ids[place]] @ slope[place]
            lowest = gain.topk(min(SWAPS, len(gain)), largest=False)
            ranked += [
                (value, slot, place, int(writable[k]))
                for value, k in zip(lowest.values.tolist(), lowest.indices.tolist(), strict=True)
            ]
    found = []
    for _, slot, place, token in sorted(ranked):
        if len(found) == most:
            break
        text = swapped(reader, drafts[slot], place, token, begin)
        if text is not None:
            found.append(Proposal(slot, rewritten(drafts[slot], text)))
    return found


def swapped(reader: Reader, draft: Draft, place: int, token: int, begin: int) -> str | None:
    """The draft's text with another token at `place` of its prompt; None where that text is read as other tokens."""
    ids = list(prompt_ids(reader.tokenizer, QUESTION_PREFIX + draft.question))
    ids[place] = token
    text = to_text(reader.tokenizer, tuple(ids[begin:]))
    return text if list(prompt_ids(reader.tokenizer, QUESTION_PREFIX + text)) == ids else None
