// How a panel of runs side by side follows the server: messages in a chain, each naming the one before. Who missed one
// asks for a whole one. Goes before the scripts of such panels. Given by gr.HTML: props, trigger, watch.

// `add(runs, news)` puts news into its run; `draw(runs)` shows all, in the order chosen. Each run holds what the server
// said of it (`run`, `name`, `slot`) and what `add` put there; a run that is not chosen any more is forgotten.
function follow(add, draw) {
  let last = null, runs = new Map();
  const take = (message) => {
    if (!message || !message.id || message.id === last) return;
    if (message.whole) runs = new Map();
    else if (message.after !== last) return trigger("resync");
    last = message.id;
    runs = new Map(message.chosen.map((said) => [said.run, { ...runs.get(said.run), ...said }]));
    message.news.forEach((news) => runs.has(news.run) && add(runs.get(news.run), news));
    draw([...runs.values()]);
  };
  watch("value", () => take(props.value));
  take(props.value);
  return () => [...runs.values()];
}

const letter = (run) => "ABCD"[run.slot];
