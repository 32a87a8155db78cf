// Puts the page together, and again when the language or a choice changes.

function render() {
  clearInterval(state.playing);
  state.playing = null;
  charts.length = 0;
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  const command = section("command", t("command"), ...shownRuns().flatMap(environment));
  // Of several runs, in what they differ comes first; of one, the long table comes last.
  const parts = (SEVERAL ? [settings(), samples(), curves(), scores(), use(), files(), command]
    : [samples(), curves(), scores(), use(), files(), command, settings()]).filter((part) => part !== null);
  const links = el("nav", {}, ...parts.map((part) => el("a", { href: `#${part.id}` }, part.getAttribute("aria-label"))));
  document.getElementById("page").replaceChildren(head(), ...(SEVERAL ? [chooseRuns()] : []), links,
    el("main", {}, ...parts));
  drawCharts();
}

if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
  for (const run of RUNS) state.stillWalks.add(run);
}
window.addEventListener("resize", drawCharts);
render();
