"use strict";

// What the page says. {name} stands for what is filled in.
const WORDS = {
  en: {
    other: "中文",
    comparison: "Comparison of {n} runs",
    recipe: "Recipe",
    finished: "Finished: {steps} steps in {time}",
    rolledBack: "Training diverged ({what}) and went on from the checkpoint before, at learning rate {rate}.",
    unfinished: "Step {step} of {steps}, after {time}: not finished",
    written: "Written {time} by tfgan_ref {version}",
    goOn: "If it has been stopped, this continues it:",
    runs: "Runs",
    samples: "Samples",
    overTime: "The same samples as training goes on",
    step: "step",
    stepIs: "step {step}",
    end: "end",
    play: "Play",
    pause: "Pause",
    noSample: "no picture yet",
    someSamples: "{shown} of {count} pictures, evenly over the steps; all are in samples/.",
    smaller: "The pictures are shown smaller than they are.",
    noSamples: "There is no picture yet.",
    samplesOf: "Samples of {run} at step {step}",
    final: "Samples of the end",
    walk: "A walk through the latents",
    walkOf: "Animation of {run} while its latents move from point to point",
    noWalk: "There is no walk through the latents yet. To make one:",
    files: "Other files",
    curves: "Progress",
    noCurves: "No value has been logged yet.",
    against: "Horizontal:",
    steps: "steps",
    minutes: "minutes",
    smoothing: "Smoothing",
    whole: "Show all",
    logarithmic: "logarithmic",
    howToZoom: "Drag over a part of a curve to enlarge it, and double-click to show all. With the keyboard: arrow " +
      "keys move the mark, + and - change the part, 0 shows all.",
    thinned: "Of {rows} rows {shown} are shown, evenly.",
    losses: "Losses",
    accuracy: "Accuracy of the discriminator",
    gradient_norm: "Gradient norms",
    learning_rate: "Learning rates",
    evaluation: "Evaluation: {name}",
    floor: "floor",
    scores: "Scores",
    noScores: "The run directory holds no scores.",
    toScore: "To score it and show the scores here:",
    n: "N",
    metric: "metric",
    score: "score",
    interval: "95 % interval",
    better: "better",
    low: "low",
    high: "high",
    about: "near {value}",
    features: "Features: {name}",
    fromFile: "From {file}",
    best: "Best evaluation in training, at step {step}",
    sameOnly: "Scores compare only with the same features, data and N.",
    use: "Use the generator",
    noModel: "There is no SavedModel yet. To export the newest checkpoint:",
    copy: "Copy",
    copied: "Copied",
    command: "Command and environment",
    anew: "To train such a run anew, with every setting that is not at its default:",
    noCommand: "The data were an object in a program: no command can name them.",
    starts: "How it was trained",
    noStarts: "This run has no record of its machine.",
    time: "began",
    from_step: "from step",
    devices: "device",
    deterministic: "deterministic",
    xla: "XLA",
    replicas: "replicas",
    python: "Python",
    system: "system",
    processor: "processor",
    cores: "cores",
    typed: "command",
    inProgram: "(called from a program)",
    versions: "Versions",
    data: "Data",
    shape: "one item",
    classes: "classes",
    fingerprint: "checksum",
    settings: "Settings",
    onlyChanged: "only those that are not at their default",
    onlyDifferent: "only those in which the runs differ",
    setting: "setting",
    value: "value",
    defaultValue: "default",
    meaning: "meaning",
    nothingChanged: "All settings are at their defaults.",
    nothingDifferent: "The runs do not differ in any setting.",
    usage: {},
  },
  zh: {
    other: "English",
    comparison: "{n} 次训练的比较",
    recipe: "配方",
    finished: "已完成：{steps} 步，用时 {time}",
    rolledBack: "训练发散（{what}），已从此前的检查点继续，学习率降为 {rate}。",
    unfinished: "第 {step} 步，共 {steps} 步，已用时 {time}：尚未完成",
    written: "tfgan_ref {version} 于 {time} 生成",
    goOn: "如果训练已停止，可这样继续：",
    runs: "训练",
    samples: "样本",
    overTime: "同一批样本随训练的变化",
    step: "步数",
    stepIs: "第 {step} 步",
    end: "结束",
    play: "播放",
    pause: "暂停",
    noSample: "还没有图片",
    someSamples: "按步数均匀选取，显示 {count} 张图片中的 {shown} 张；全部图片在 samples/ 中。",
    smaller: "图片已缩小显示。",
    noSamples: "还没有图片。",
    samplesOf: "{run} 在第 {step} 步的样本",
    final: "训练结束时的样本",
    walk: "隐空间漫游",
    walkOf: "{run} 的隐变量逐点移动时的动画",
    noWalk: "还没有隐空间漫游的动画。生成一个：",
    files: "其他文件",
    curves: "训练过程",
    noCurves: "还没有记录任何数值。",
    against: "横轴：",
    steps: "步数",
    minutes: "分钟",
    smoothing: "平滑",
    whole: "显示全部",
    logarithmic: "对数坐标",
    howToZoom: "在曲线上拖动可放大所选区间，双击恢复全部。键盘操作：左右方向键移动标线，+ 和 - 缩放区间，0 显示全部。",
    thinned: "共 {rows} 行，均匀显示其中 {shown} 行。",
    losses: "损失",
    accuracy: "判别器的准确率",
    gradient_norm: "梯度范数",
    learning_rate: "学习率",
    evaluation: "评估：{name}",
    floor: "下限",
    scores: "评分",
    noScores: "运行目录中没有评分。",
    toScore: "计算评分并显示在这里：",
    n: "N",
    metric: "指标",
    score: "分值",
    interval: "95% 区间",
    better: "更好",
    low: "越低越好",
    high: "越高越好",
    about: "越接近 {value} 越好",
    features: "特征：{name}",
    fromFile: "来自 {file}",
    best: "训练中的最佳评估，第 {step} 步",
    sameOnly: "只有特征、数据和 N 都相同的评分才能比较。",
    use: "使用生成器",
    noModel: "还没有 SavedModel。导出最新的检查点：",
    copy: "复制",
    copied: "已复制",
    command: "命令与环境",
    anew: "重新训练一次，列出所有与默认值不同的设置：",
    noCommand: "数据是程序中的对象，无法用命令指定。",
    starts: "训练记录",
    noStarts: "这次训练没有记录所用的机器。",
    time: "开始时间",
    from_step: "起始步",
    devices: "设备",
    deterministic: "确定性运算",
    xla: "XLA",
    replicas: "副本数",
    python: "Python",
    system: "系统",
    processor: "处理器",
    cores: "核数",
    typed: "命令",
    inProgram: "（由程序调用）",
    versions: "版本",
    data: "数据",
    shape: "单个样本",
    classes: "类别",
    fingerprint: "校验和",
    settings: "设置",
    onlyChanged: "只显示与默认值不同的设置",
    onlyDifferent: "只显示各次训练不同的设置",
    setting: "设置",
    value: "值",
    defaultValue: "默认值",
    meaning: "含义",
    nothingChanged: "所有设置都是默认值。",
    nothingDifferent: "各次训练的设置完全相同。",
    usage: {
      "To use it in any Python with TensorFlow:": "在任何装有 TensorFlow 的 Python 中使用：",
      "To apply it to files:": "用于文件：",
      "To write animated GIFs and a contact sheet:": "生成 GIF 动画和一览图：",
      "To print sentences:": "输出句子：",
      "To write WAV files and their spectrograms:": "生成 WAV 文件及其频谱图：",
      "To apply it to recordings:": "用于录音：",
    },
  },
};

const DATA = JSON.parse(document.getElementById("data").textContent);
const RUNS = DATA.runs;
const COLOURS = 8;

// What the reader has chosen; a change of the language keeps it.
const state = {
  language: /^zh/i.test(navigator.language || "") ? "zh" : "en",
  sample: Infinity, playing: null, hidden: new Set(), x: "step", smoothing: 0, zoom: null, logarithmic: new Set(),
  changed: RUNS.length > 1 || RUNS[0].settings.some((setting) => setting.changed), stillWalks: new Set(),
};

function t(key, filled = {}) {
  return WORDS[state.language][key].replace(/\{(\w+)\}/g, (whole, name) => filled[name] ?? whole);
}

function number(value) {
  return new Intl.NumberFormat(state.language).format(value);
}

// Four digits are more than any score or loss is worth.
function short(value) {
  if (value === null || value === undefined) return "";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

function duration(seconds) {
  if (seconds === null) return "?";
  const [amount, unit] = seconds < 100 ? [seconds, "second"] : seconds < 6000 ? [seconds / 60, "minute"]
    : [seconds / 3600, "hour"];
  const digits = unit === "hour" ? 1 : 0;
  return new Intl.NumberFormat(state.language, { style: "unit", unit, maximumFractionDigits: digits }).format(amount);
}

// Builds an element. All text of a run goes through here, as text: never as markup.
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}
