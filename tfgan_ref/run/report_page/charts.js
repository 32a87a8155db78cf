// Curves that can be enlarged. All charts show the same part of the steps, which a drag over any of them chooses.

const MARGIN = { left: 60, right: 10, top: 8, bottom: 24 };
const charts = [];  // the functions that draw those of the page again

function svg(tag, attributes = {}, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

function drawCharts() {
  for (const draw of charts) draw();
}

// Exponential means, corrected for their start, over what there is; a gap stays a gap.
function smoothed(values, share) {
  let mean = 0, weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    mean = share * mean + (1 - share) * value;
    weight = share * weight + (1 - share);
    return mean / weight;
  });
}

// What an axis has room for.
function onAxis(value) {
  const text = short(value);
  return text.length > 6 ? Number(value.toPrecision(3)).toExponential() : text;
}

// Round numbers from low to high, about as many as asked for.
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step && found.length < 20; i += 1) {
    found.push(i * step);
  }
  return found;
}

// The least and the greatest of the values in the part that is shown; with some room, as they were drawn on an axis.
function range(lines, [start, end], logarithmic) {
  let low = Infinity, high = -Infinity;
  for (const { xs, shown, ys } of lines) {
    [...shown, ...(ys ?? [])].forEach((value, place) => {  // where curves are smoothed, as they were too
      const i = place % shown.length;
      if (value === null || xs[i] === null || xs[i] < start || xs[i] > end || (logarithmic && value <= 0)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  }
  if (low > high) return logarithmic ? [0.1, 1] : [0, 1];
  if (logarithmic) return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

// A chart of lines [{label, colour, dash, xs, ys}], with horizontal lines [{label, value}] for floors.
function chart(title, name, lines, floors = []) {
  const picture = svg("svg", { tabindex: "0", role: "img" });
  const legend = el("ul", { class: "legend" });
  const said = el("div", { class: "unseen", "aria-live": "polite" });
  const toggle = el("input", { type: "checkbox", checked: state.logarithmic.has(name), onchange: () => {
    if (toggle.checked) state.logarithmic.add(name); else state.logarithmic.delete(name);
    draw();
  } });
  let at = null, from = null, to = null;  // the mark, and the two ends of a drag, as x values
  let axes = null;

  const outputs = lines.map((line) => {
    const swatch = el("i", { class: "swatch" });
    swatch.style.borderColor = `var(--c${line.colour})`;
    if (line.dash) swatch.style.borderTopStyle = "dashed";
    const output = el("output");
    legend.append(el("li", {}, swatch, el("span", {}, line.label), output));
    return output;
  });
  for (const floor of floors) {
    const swatch = el("i", { class: "swatch" });
    swatch.style.borderTopStyle = "dotted";
    legend.append(el("li", {}, swatch, el("span", {}, floor.label), el("output", {}, short(floor.value))));
  }

  function nearest(line, x) {
    let best = -1;
    line.xs.forEach((value, i) => {
      if (value !== null && line.shown[i] !== null &&
          (best < 0 || Math.abs(value - x) < Math.abs(line.xs[best] - x))) best = i;
    });
    return best;
  }

  function draw() {
    const logarithmic = state.logarithmic.has(name);
    for (const line of lines) line.shown = state.smoothing ? smoothed(line.ys, state.smoothing) : line.ys;
    const all = lines.flatMap((line) => line.xs.filter((x) => x !== null));
    const whole = all.length ? ends(all) : [0, 1];
    const [start, stop] = state.zoom ?? whole;
    const end = stop > start ? stop : start + 1;
    const marks = floors.map(({ value }) => ({ xs: [start], shown: [value] }));
    const [low, high] = range([...lines, ...marks], [start, end], logarithmic);
    const { width, height } = picture.getBoundingClientRect();
    const across = width - MARGIN.left - MARGIN.right, down = height - MARGIN.top - MARGIN.bottom;
    const scale = logarithmic ? Math.log10 : (value) => value;
    const px = (x) => MARGIN.left + (x - start) / (end - start) * across;
    const py = (y) => MARGIN.top + (scale(high) - scale(y)) / (scale(high) - scale(low)) * down;
    axes = { start, end, whole, back: (pixel) => start + (pixel - MARGIN.left) / across * (end - start) };
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.replaceChildren(...axisLines(), ...curves(), ...overlay());
    show();

    function axisLines() {
      const drawn = [];
      let heights = ticks(scale(low), scale(high), 5);
      if (logarithmic) {
        const powers = heights.filter((power) => Number.isInteger(power)).map((power) => 10 ** power);
        heights = powers.length > 1 ? powers : ticks(low, high, 4).filter((y) => y > 0);
      }
      for (const y of heights) {
        drawn.push(svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: py(y), y2: py(y) }));
        drawn.push(svg("text", { x: MARGIN.left - 6, y: py(y) + 4, "text-anchor": "end" }, onAxis(y)));
      }
      for (const x of ticks(start, end, across / 55)) {
        const anchor = px(x) > width - 30 ? "end" : "middle";  // the last one would be cut off
        drawn.push(svg("text", { x: anchor === "end" ? width - 2 : px(x), y: height - 6, "text-anchor": anchor }, number(x)));
      }
      for (const { value } of floors) {
        if (!logarithmic || value > 0) {
          drawn.push(svg("line",
            { class: "floor", x1: MARGIN.left, x2: width - MARGIN.right, y1: py(value), y2: py(value) }));
        }
      }
      return drawn;
    }

    function path(line, values) {
      let text = "", broken = true;
      line.xs.forEach((x, i) => {
        const y = values[i];
        if (x === null || y === null || x < start || x > end || (logarithmic && y <= 0)) {
          broken = true;
          return;
        }
        text += `${broken ? "M" : "L"}${px(x).toFixed(1)} ${Math.min(Math.max(py(y), -999), 9999).toFixed(1)}`;
        broken = false;
      });
      return text.replace(/(M[^ML]+)(?=M|$)/g, "$1h.01");  // a single point is drawn as a dot
    }

    function curves() {
      const drawn = [];
      for (const line of lines) {
        for (const [values, kind] of state.smoothing ? [[line.ys, "curve raw"], [line.shown, "curve"]]
          : [[line.shown, "curve"]]) {
          const curve = svg("path", { class: kind, d: path(line, values), "stroke-linecap": "round" });
          curve.style.stroke = `var(--c${line.colour})`;
          if (line.dash) curve.style.strokeDasharray = "5 4";
          drawn.push(curve);
        }
        const points = line.xs.map((x, i) => [x, line.shown[i]]).filter(([x, y]) =>
          x !== null && y !== null && x >= start && x <= end && !(logarithmic && y <= 0));
        if (points.length === 1) {  // of which a curve shows next to nothing
          const dot = svg("circle", { cx: px(points[0][0]), cy: py(points[0][1]), r: 4 });
          dot.style.fill = `var(--c${line.colour})`;
          drawn.push(dot);
        }
      }
      return drawn;
    }

    function overlay() {
      const drawn = [];
      if (from !== null) {
        const [left, right] = [px(from), px(to)].sort((a, b) => a - b);
        drawn.push(svg("rect", { class: "selected", x: left, width: right - left, y: MARGIN.top, height: down }));
      }
      if (at !== null && at >= start && at <= end) {
        drawn.push(svg("line", { class: "cursor", x1: px(at), x2: px(at), y1: MARGIN.top, y2: height - MARGIN.bottom }));
      }
      return drawn;
    }
  }

  // The values at the mark, or the last ones.
  function show() {
    const words = lines.map((line, i) => {
      const found = nearest(line, at ?? axes.end);
      outputs[i].textContent = found < 0 ? "" : short(line.shown[found]);
      return `${line.label} ${outputs[i].textContent}`;
    });
    const place = at === null ? "" : ` (${t(state.x === "step" ? "steps" : "minutes")} ${number(Number(at.toPrecision(6)))})`;
    picture.setAttribute("aria-label", `${title}${place}: ${words.join(", ")}`);
    return `${place} ${words.join(", ")}`;
  }

  function place(event) {
    const box = picture.getBoundingClientRect();
    const x = axes.back(event.clientX - box.left);
    return Math.min(Math.max(x, axes.start), axes.end);
  }

  function snapped(x) {
    const found = lines.map((line) => [line, nearest(line, x)]).filter(([, i]) => i >= 0).map(([line, i]) => line.xs[i]);
    return found.length ? found.reduce((best, one) => Math.abs(one - x) < Math.abs(best - x) ? one : best) : null;
  }

  function zoomTo(start, end) {
    const [first, last] = axes.whole;
    const fits = [Math.max(start, first), Math.min(end, last)];
    if (fits[1] - fits[0] < (last - first) / 1e4) return;
    state.zoom = fits[0] <= first && fits[1] >= last ? null : fits;
    drawCharts();
  }

  function zoomBy(factor, x) {
    zoomTo(x - (x - axes.start) * factor, x + (axes.end - x) * factor);
  }

  picture.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = to = place(event);
    picture.setPointerCapture?.(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    at = snapped(place(event));
    if (from !== null) to = place(event);
    draw();
  });
  picture.addEventListener("pointerup", () => {
    const [start, end] = [from, to].sort((a, b) => a - b);
    from = to = null;
    if (end - start > (axes.end - axes.start) / 50) zoomTo(start, end); else draw();
  });
  for (const kind of ["pointerleave", "pointercancel"]) {
    picture.addEventListener(kind, () => {
      at = from = to = null;
      draw();
    });
  }
  picture.addEventListener("dblclick", () => {
    state.zoom = null;
    drawCharts();
  });
  picture.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;  // which a pinch on a touchpad sets too; else the page scrolls
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 0.8 : 1.25, place(event));
  }, { passive: false });
  picture.addEventListener("keydown", (event) => {
    const line = lines.reduce((longest, one) => one.xs.length > longest.xs.length ? one : longest);
    const now = nearest(line, at ?? axes.end);
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move && now >= 0) {
      at = line.xs[Math.min(Math.max(at === null ? now : now + move, 0), line.xs.length - 1)];
      draw();
      said.textContent = show();
    } else if (event.key === "+" || event.key === "=") zoomBy(0.6, at ?? (axes.start + axes.end) / 2);
    else if (event.key === "-") zoomBy(1 / 0.6, at ?? (axes.start + axes.end) / 2);
    else if (event.key === "0" || event.key === "Escape") {
      state.zoom = null;
      drawCharts();
    } else return;
    event.preventDefault();
  });

  charts.push(draw);
  const label = el("label", {}, toggle, t("logarithmic"));
  return el("figure", {}, el("figcaption", {}, el("b", {}, title), label), picture, legend, said);
}

// Math.min of thousands of arguments would fail.
function ends(values) {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}
