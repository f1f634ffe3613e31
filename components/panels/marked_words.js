// Prompts as words, those that changed told apart. Prompts are untrusted: their text only ever goes through textContent.
// Goes before the scripts that show them.

// Which words of `now` are not, in order, among those of `then`: a longest common subsequence.
function changed(then, now) {
  const table = Array.from({ length: then.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = then.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      table[i][j] = then[i] === now[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const fresh = now.map(() => true);
  for (let i = 0, j = 0; i < then.length && j < now.length;) {
    if (then[i] === now[j]) { fresh[j] = false; i++; j++; }
    else if (table[i + 1][j] >= table[i][j + 1]) i++;
    else j++;
  }
  return fresh;
}

const split = (text) => text.split(/\s+/).filter(Boolean).slice(0, 400);

// Where in its run a snapshot lies.
function when(shown) {
  if (shown.round === 0) return "texts of the search";
  if (shown.round !== undefined) return `after round ${shown.round} of the search`;
  return shown.step ? "update " + shown.step.toLocaleString("en") : "start";
}
