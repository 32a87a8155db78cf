// The parts of the page. Each function returns a section of the run, or of all runs that are compared.

const SEVERAL = RUNS.length > 1;

function colour(run) {
  return RUNS.indexOf(run) % COLOURS;
}

function shownRuns() {
  return RUNS.filter((run) => !state.hidden.has(run));
}

function code(text) {
  const content = el("code", {}, text);
  const button = el("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a browser that allows it to no page from a file
      getSelection().selectAllChildren(content);
      document.execCommand("copy");
    }
    button.textContent = t("copied");
  } }, t("copy"));
  return el("div", { class: "code" }, el("pre", {}, content), button);
}

// A swatch and the name of a run, where there are several.
function named(run) {
  const swatch = el("i", { class: "swatch" });
  swatch.style.borderColor = `var(--c${colour(run)})`;
  return el("span", { class: "controls" }, swatch, run.name);
}

function section(id, title, ...content) {
  return el("section", { id, "aria-label": title }, el("h2", {}, title), ...content);
}

function picture(source, alternative) {
  return el("img", { src: source.startsWith("data:image/") ? source : "data:,", alt: alternative });
}

function progressOf(run) {
  const { step, steps, seconds, finished } = run.status;
  const filled = { step: number(step), steps: steps === null ? "?" : number(steps), time: duration(seconds) };
  const line = el("p", {}, t(finished ? "finished" : "unfinished", filled));
  const rolledBack = run.rollbacks.map((found) => el("p", { class: "faint" },
    t("rolledBack", { what: found.diverged ?? "?", rate: found.learning_rate ?? "?" })));
  if (finished || SEVERAL) return [line, ...rolledBack];
  const bar = el("progress", { max: steps ?? 1, value: step, "aria-label": run.name });
  return [line, bar, ...rolledBack, el("p", { class: "faint" }, t("goOn")), code(run.hints.resume)];
}

function head() {
  const run = RUNS[0];
  const title = SEVERAL ? t("comparison", { n: RUNS.length }) : run.name;
  const language = el("button", { type: "button", id: "language", lang: state.language === "en" ? "zh-CN" : "en",
    onclick: () => {
      state.language = state.language === "en" ? "zh" : "en";
      render();
      document.getElementById("language").focus();
    } }, t("other"));
  const lines = SEVERAL ? [] : [el("p", {}, `${t("recipe")} `, el("code", {}, run.recipe), run.summary ? ": " : "",
    el("span", { lang: "en" }, run.summary))];
  const written = t("written", { time: new Date(DATA.written).toLocaleString(state.language), version: DATA.version });
  return el("header", {}, el("div", { class: "head" }, el("h1", {}, title), language), ...lines,
    ...(SEVERAL ? [] : progressOf(run)), el("p", { class: "faint" }, written));
}

function chooseRuns() {
  return el("div", { role: "group", "aria-label": t("runs") }, ...RUNS.map((run) => {
    const box = el("input", { type: "checkbox", checked: !state.hidden.has(run), onchange: () => {
      if (box.checked) state.hidden.delete(run); else state.hidden.add(run);
      render();
    } });
    return el("div", { class: "run" }, el("label", {}, box, named(run)), ...progressOf(run));
  }));
}

function samples() {
  const runs = shownRuns().filter((run) => run.samples.shown.length);
  const steps = [...new Set(runs.flatMap((run) => run.samples.shown.map((one) => one.step)))].sort((a, b) => a - b);
  const figures = [];
  if (runs.length) {
    const parts = runs.map((run) => ({ run, image: picture("data:,", ""), caption: el("figcaption") }));
    const output = el("output");
    const slider = el("input", { type: "range", min: 0, max: steps.length - 1, step: 1, "aria-label": t("step"),
      oninput: () => choose(Number(slider.value)) });
    const play = el("button", { type: "button", onclick: () => state.playing === null ? start() : stop() });
    const atEnd = (index) => index === steps.length - 1 && runs.every((run) => run.status.finished);
    const choose = (index) => {
      state.sample = index;
      const step = steps[index];
      slider.value = index;
      output.textContent = t("stepIs", { step: number(step) }) + (atEnd(index) ? ` (${t("end")})` : "");
      slider.setAttribute("aria-valuetext", output.textContent);
      for (const { run, image, caption } of parts) {
        const found = run.samples.shown.filter((one) => one.step <= step).at(-1);
        image.hidden = !found;
        if (found) {
          image.src = found.picture;
          image.alt = t("samplesOf", { run: run.name, step: number(found.step) });
        }
        caption.replaceChildren(...(SEVERAL ? [named(run)] : []),
          el("span", { class: SEVERAL ? "step" : false },
            found ? (SEVERAL ? t("stepIs", { step: number(found.step) }) : t("overTime")) : t("noSample")));
      }
    };
    const stop = () => {
      clearInterval(state.playing);
      state.playing = null;
      play.textContent = t("play");
    };
    const start = () => {
      if (state.sample >= steps.length - 1) choose(0);
      play.textContent = t("pause");
      state.playing = setInterval(() => {
        choose(Math.min(state.sample + 1, steps.length - 1));
        if (state.sample >= steps.length - 1) stop();
      }, 500);
    };
    stop();
    choose(Math.min(state.sample, steps.length - 1));
    const bar = el("div", { class: "slider" }, steps.length > 1 ? play : null, slider, output);
    const all = el("div", { class: "cards" }, ...parts.map(({ image, caption }) => el("figure", {}, caption, image)),
      ...(SEVERAL ? [] : [walk(runs[0])]));
    figures.push(bar, all);
    for (const run of runs) {
      const { shown, count, smaller } = run.samples;
      if (smaller) figures.push(el("p", { class: "faint" }, t("smaller")));
      if (shown.length < count) {
        figures.push(el("p", { class: "faint" }, t("someSamples", { shown: shown.length, count: number(count) })));
      }
    }
  } else {
    figures.push(el("p", {}, t("noSamples")));
  }
  const finals = shownRuns().filter((run) => run.final);
  if (finals.length) {
    figures.push(el("h3", {}, t("final")), el("div", { class: "cards" }, ...finals.map((run) =>
      el("figure", {}, SEVERAL ? el("figcaption", {}, named(run)) : null, picture(run.final, t("final"))))));
  }
  if (SEVERAL) {
    const walks = shownRuns().filter((run) => run.walk);
    if (walks.length) figures.push(el("h3", {}, t("walk")), el("div", { class: "cards" }, ...walks.map(walk)));
  }
  return section("samples", t("samples"), ...figures);
}

// The animation with a button that stops it; it stands still first for those who ask for less motion.
function walk(run) {
  if (!run.walk) {
    return run.hints.walk === null ? null : el("figure", {}, el("p", {}, t("noWalk")), code(run.hints.walk));
  }
  const moving = picture(run.walk.picture, t("walkOf", { run: run.name }));
  const still = el("canvas", { class: "walk", role: "img", "aria-label": t("walkOf", { run: run.name }) });
  moving.setAttribute("class", "walk");
  const button = el("button", { type: "button", onclick: () => set(!state.stillWalks.has(run)) });
  const set = (stopped) => {
    if (stopped) state.stillWalks.add(run); else state.stillWalks.delete(run);
    if (stopped && moving.naturalWidth) {
      still.width = moving.naturalWidth;
      still.height = moving.naturalHeight;
      still.getContext("2d").drawImage(moving, 0, 0);
    }
    moving.hidden = stopped;
    still.hidden = !stopped;
    button.textContent = t(stopped ? "play" : "pause");
  };
  moving.addEventListener("load", () => set(state.stillWalks.has(run)));
  set(state.stillWalks.has(run));
  return el("figure", {}, el("figcaption", {}, el("span", {}, SEVERAL ? named(run) : t("walk")), button), moving, still);
}

// Which curves stand in one chart; the others have one each.
const GROUPS = [["losses", /(^|_)loss$/], ["accuracy", /accuracy/], ["gradient_norm", /gradient_norm$/],
  ["learning_rate", /learning_rate$/]];

function xsOf(run, columns) {
  const seconds = run.curves.columns.seconds ?? [];
  if (state.x === "step") return columns.step ?? [];
  // Evaluations have no time of their own: that of the row with the same step.
  const times = new Map((run.curves.columns.step ?? []).map((step, i) => [step, seconds[i] / 60]));
  return (columns.step ?? []).map((step) => times.get(step) ?? null);
}

// Charts of a table: of one run some columns share a chart, of several each column has one.
function chartsOf(table, titleOf, floorsOf) {
  const runs = shownRuns();
  const names = [...new Set(runs.flatMap((run) => Object.keys(run[table].columns)))]
    .filter((name) => name !== "step" && name !== "seconds");
  const groups = new Map();
  for (const name of names) {
    const found = SEVERAL ? null : GROUPS.find(([, pattern]) => table === "curves" && pattern.test(name));
    const key = found ? found[0] : name;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const order = [...GROUPS.map(([key]) => key), ...groups.keys()];
  return [...groups].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0])).map(([key, columns]) => {
    const lines = runs.flatMap((run) => columns.filter((name) => run[table].columns[name]).map((name) => ({
      label: SEVERAL ? run.name : name, colour: SEVERAL ? colour(run) : columns.indexOf(name) % COLOURS,
      dash: SEVERAL ? RUNS.indexOf(run) >= COLOURS : columns.indexOf(name) % 2 === 1,
      xs: xsOf(run, run[table].columns), ys: run[table].columns[name],
    })));
    return chart(titleOf(key), `${table} ${key}`, lines, floorsOf(key));
  });
}

function curves() {
  const all = [
    ...chartsOf("evaluations", (name) => t("evaluation", { name }), floorOf),
    ...chartsOf("curves", (key) => GROUPS.some(([known]) => known === key) ? t(key) : key, () => []),
  ];
  if (!all.length) return section("curves", t("curves"), el("p", {}, t("noCurves")));
  const axis = el("select", { onchange: () => {
    state.x = axis.value;
    state.zoom = null;
    render();
  } }, ...[["step", "steps"], ["time", "minutes"]].map(([value, key]) =>
    el("option", { value, selected: state.x === value }, t(key))));
  const smoothing = el("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: state.smoothing,
    oninput: () => {
      state.smoothing = Number(smoothing.value);
      drawCharts();
    } });
  const whole = el("button", { type: "button", onclick: () => {
    state.zoom = null;
    drawCharts();
  } }, t("whole"));
  const notes = shownRuns().filter((run) => run.curves.rows > (run.curves.columns.step ?? []).length).map((run) =>
    el("p", { class: "faint" }, t("thinned", { rows: number(run.curves.rows), shown: number(run.curves.columns.step.length) })));
  return section("curves", t("curves"), el("div", { class: "controls" }, el("label", {}, t("against"), axis),
    el("label", {}, t("smoothing"), smoothing), whole), el("p", { class: "faint" }, t("howToZoom")), ...notes,
  el("div", { class: "cards" }, ...all));
}

// What real images get in place of the samples, of an evaluation in training.
function floorOf(name) {
  const rows = shownRuns().flatMap((run) => run.best?.rows ?? []).filter((row) => row.metric === name);
  const values = [...new Set(rows.map((row) => row.floor))].filter((value) => value !== null);
  return values.length === 1 ? [{ label: t("floor"), value: values[0] }] : [];
}

function better(row) {
  if (row.better === "low" || row.better === "high") return t(row.better);
  return row.better === null ? "" : t("about", { value: short(row.better) });
}

function cell(title, text, kind = "number") {
  return el("td", { class: kind, "data-title": t(title) }, ...(text ? [text] : []));
}

function heads(keys, numbers) {
  return el("thead", {}, el("tr", {}, ...keys.map((key, i) =>
    el("th", { scope: "col", class: numbers.includes(i) ? "number" : false }, t(key)))));
}

function scoreTable(caption, rows) {
  return el("div", { class: "scroll" }, el("table", { class: "stacked" }, el("caption", {}, caption),
    heads(["metric", "score", "interval", "floor", "n", "better"], [1, 2, 3, 4]),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, el("th", { scope: "row" }, row.title),
      cell("score", short(row.value) + (row.spread === null ? "" : ` ± ${Number(row.spread.toPrecision(2))}`)),
      cell("interval", row.interval ? row.interval.map(short).join(" – ") : ""), cell("floor", short(row.floor)),
      cell("n", row.n === null ? "" : number(row.n)), cell("better", better(row), ""))))));
}

function scores() {
  const content = [];
  for (const run of shownRuns()) {
    const tables = [];
    if (run.best?.rows.length) tables.push(scoreTable(t("best", { step: number(run.best.step) }), run.best.rows));
    for (const found of run.scores) {
      const from = [t("fromFile", { file: found.file }), ...(found.features ? [t("features", { name: found.features })] : []),
        ...(found.floor ? [`${t("floor")}: ${found.floor}`] : [])];
      tables.push(scoreTable(from.join(" · "), found.rows));
      if (found.notes.length) tables.push(el("ul", { class: "faint", lang: "en" }, ...found.notes.map((note) => el("li", {}, note))));
    }
    if (!tables.length) {
      tables.push(el("p", {}, t("noScores")));
      if (run.hints.evaluate !== null) tables.push(el("p", {}, t("toScore")), code(run.hints.evaluate));
    }
    content.push(...(SEVERAL ? [el("h3", {}, named(run))] : []), ...tables);
  }
  if (SEVERAL) content.push(el("p", { class: "faint" }, t("sameOnly")));
  return section("scores", t("scores"), ...content);
}

function use() {
  const content = shownRuns().flatMap((run) => [
    ...(SEVERAL ? [el("h3", {}, named(run))] : []),
    ...(run.hints.export === null ? [] : [el("p", {}, t("noModel")), code(run.hints.export)]),
    ...(run.hints.export !== null ? [] : run.usage.flatMap(({ title, code: lines }) =>
      [el("p", {}, WORDS[state.language].usage[title] ?? title), code(lines.trimEnd())])),
  ]);
  return section("use", t("use"), ...content);
}

function files() {
  const runs = shownRuns().filter((run) => run.files.length);
  if (!runs.length) return null;
  return section("files", t("files"), el("div", { class: "cards" }, ...runs.flatMap((run) => run.files.map((file) => {
    const shown = file.sound !== undefined
      ? el("audio", { controls: true, preload: "none", src: file.sound.startsWith("data:audio/") ? file.sound : false })
      : file.picture !== undefined ? picture(file.picture, file.name) : el("pre", { class: "scroll" }, file.text);
    return el("figure", {}, el("figcaption", {}, el("b", {}, SEVERAL ? `${run.name}: ${file.name}` : file.name)), shown);
  }))));
}

function list(pairs) {
  return el("dl", {}, ...pairs.filter(([, value]) => value).flatMap(([key, value]) =>
    [el("dt", {}, key), el("dd", {}, value)]));
}

function environment(run) {
  const names = run.data.names.classes ?? [];
  const classes = names.length ? names.join(", ") : run.data.classes === null ? "" : String(run.data.classes);
  const starts = run.starts.map((start) => list([
    [t("typed"), start.command === null ? t("inProgram") : el("code", {}, start.command)],
    [t("time"), Number.isNaN(Date.parse(start.time)) ? start.time : new Date(start.time).toLocaleString(state.language)],
    ...["from_step", "devices", "cores", "processor", "system", "python", "deterministic", "xla", "replicas"]
      .map((key) => [t(key), start[key] ?? ""]),
  ]));
  return [
    ...(SEVERAL ? [el("h3", {}, named(run))] : []),
    el("p", {}, t(run.command === null ? "noCommand" : "anew")), ...(run.command === null ? [] : [code(run.command)]),
    el("h3", {}, t("starts")), ...(starts.length ? starts : [el("p", {}, t("noStarts"))]),
    el("h3", {}, t("data")), list([[t("shape"), run.data.shape.join(" × ")], [t("classes"), classes],
      [t("fingerprint"), run.data.fingerprint]]),
    el("h3", {}, t("versions")), list(Object.entries(run.versions)),
  ];
}

function settings() {
  const runs = shownRuns();
  const rows = new Map();
  runs.forEach((run, i) => run.settings.forEach((setting) => {
    const row = rows.get(setting.key) ?? { ...setting, values: Array(runs.length).fill("") };
    row.values[i] = setting.value;
    rows.set(setting.key, row);
  }));
  const differs = (row) => SEVERAL ? new Set(row.values).size > 1 : row.changed;
  const shown = [...rows.values()].filter((row) => !state.changed || differs(row));
  const box = el("input", { type: "checkbox", checked: state.changed, onchange: () => {
    state.changed = box.checked;
    render();
  } });
  const values = SEVERAL ? runs.map((run) => run.name) : [t("value")];
  const titles = [t("setting"), ...values, t("defaultValue"), t("meaning")];
  const table = el("table", { class: "stacked" },
    el("thead", {}, el("tr", {}, ...titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, ...shown.map((row) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, row.key)),
      ...row.values.map((value, i) => el("td", { "data-title": values[i], class: !SEVERAL && row.changed ? "changed" : false },
        value)),
      el("td", { "data-title": t("defaultValue") }, row.default ?? ""),
      el("td", { class: "faint", lang: "en" }, row.meaning)))));
  const nothing = el("p", {}, t(SEVERAL ? "nothingDifferent" : "nothingChanged"));
  return section("settings", t("settings"), el("label", {}, box, t(SEVERAL ? "onlyDifferent" : "onlyChanged")),
    shown.length ? el("div", { class: "scroll" }, table) : nothing);
}
