// As much of a browser as the page of a report asks for: elements without layout, 320 x 224 pixels each.
// It takes {data, script, language, steps} as JSON, runs the script, then each step, and prints the last result.
"use strict";

class Node {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [], listeners: {}, style: {}, own: "" });
    Object.assign(this, { naturalWidth: 16, naturalHeight: 16 });
  }
  setAttribute(name, value) {
    if (/^on/i.test(name)) throw Error(`an attribute ${name}`);
    this.attributes[name] = String(value);
    if (name === "src") this.src = value;
    if (name === "value") this.value = value;
    if (name === "checked") this.checked = true;
  }
  getAttribute(name) { return this.attributes[name] ?? null; }
  get id() { return this.attributes.id; }
  set src(value) { sources.push(value); this.source = value; }
  get src() { return this.source; }
  set innerHTML(value) { throw Error("innerHTML is set"); }
  append(...nodes) { this.children.push(...nodes); }
  replaceChildren(...nodes) { this.children = nodes; this.own = ""; }
  set textContent(text) { this.children = []; this.own = String(text); }
  get textContent() {
    return this.own + this.children.map((one) => one instanceof Node ? one.textContent : String(one)).join("");
  }
  addEventListener(kind, call) { this.listeners[kind] = call; }
  dispatch(kind, event = {}) { return this.listeners[kind]?.({ preventDefault() {}, ...event }); }
  getBoundingClientRect() { return { left: 0, top: 0, width: 320, height: 224 }; }
  getContext() { return { drawImage() {} }; }
  focus() {}
  *[Symbol.iterator]() {
    yield this;
    for (const child of this.children) if (child instanceof Node) yield* child;
  }
}

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const sources = [], made = new Set();
const page = new Node("div");
const make = (tag) => {
  made.add(tag);
  return new Node(tag);
};
globalThis.document = {
  createElement: make, createElementNS: (space, tag) => make(tag), documentElement: new Node("html"), made, sources,
  getElementById: (id) => id === "data" ? { textContent: given.data } : id === "page" ? page
    : [...page].find((node) => node.id === id),
  all: (tag) => [...page].filter((node) => node.tag === tag),
};
globalThis.window = { matchMedia: () => ({ matches: false }), addEventListener() {} };
Object.defineProperty(globalThis, "navigator", { value: { language: given.language }, configurable: true });
// One script, so that the steps see what the page's own declares.
const whole = [given.script, ...given.steps].map((part, i, all) => i === all.length - 1 ? `(${part})` : part);
process.stdout.write(String((0, eval)(whole.join("\n;"))));
process.exit(0);
