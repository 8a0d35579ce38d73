// compare.js — draws the page of `eddy compare --html` from the record that is in it.
//
// A plot is of one table of a workload: lines over the sizes where there are three or more, else a
// row of points for each model. A bar through a point spans the 10th to the 90th percentile of the
// samples. A model has the same colour and the same shape everywhere.

"use strict";

const record = JSON.parse(document.getElementById("record").textContent);
const page = document.getElementById("page");

const MARKS = {
    threads: ["circle", "●"],
    processes: ["rect", "■"],
    one_core: ["triangle", "▲"],
    all_cores: ["rectRot", "◆"],
    tbb: ["crossRot", "✕"],
    on_loop: ["star", "✳"],
    thread_pool: ["rectRounded", "▢"],
    process_pool: ["cross", "✚"],
    tbb_executor: ["line", "▬"],
};
const UNITS = {
    time: [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]],
    bytes: [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]],
    count: [[1, ""]],
};
const LOG_FROM = 20;        // times the least: from there on an axis is logarithmic
const LINES_FROM = 3;       // sizes
const EQUAL_UP_TO = 1.05;   // as in the findings

// -- small things --

function make(tag, options = {}, ...children) {
    const { text, className, ...attributes } = options;
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
}

const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = model => style("--" + model) || style("--soft");
const shape = model => (MARKS[model] || ["circle"])[0];
const glyph = model => (MARKS[model] || ["", "●"])[1];
const title = model => (record.models.find(each => each.name === model) || { title: model }).title;
const capitalised = text => text.charAt(0).toUpperCase() + text.slice(1);

const digits = value =>
    value === 0 ? "0" : value >= 99.95 ? Math.round(value).toLocaleString("en").replaceAll(",", "\u00a0")
        : value.toFixed(value >= 9.995 ? 1 : 2);
const unitOf = (value, unit) =>
    UNITS[unit].find(([factor]) => value >= factor * 0.9995) || UNITS[unit].at(-1);

function quantity(value, unit) {
    const [factor, name] = unitOf(value, unit);
    return digits(value / factor) + (name ? "\u00a0" + name : "");
}

// A tick of an axis: as few digits as it needs.
function tick(value, unit) {
    const [factor, name] = unitOf(value, unit);
    return `${Number((value / factor).toPrecision(3))}${name ? "\u00a0" + name : ""}`;
}

function quantile(values, part) {
    const sorted = [...values].sort((one, other) => one - other);
    const rank = part * (sorted.length - 1);
    const below = Math.floor(rank);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
}

const sizesOf = workload => Object.keys(workload.size_titles).map(Number).sort((a, b) => a - b);
const cellOf = (workload, model, size) =>
    record.cells.find(cell => cell.workload === workload.name && cell.model === model && cell.size === size);
const modelsOf = workload => record.models.map(each => each.name)
    .filter(model => record.cells.some(cell => cell.workload === workload.name && cell.model === model));

// The median and the spread of a metric, or nothing.
function valueOf(workload, model, size, metric) {
    const cell = cellOf(workload, model, size);
    if (!cell || cell.status !== "measured" || !(metric in cell.median)) return undefined;
    const samples = cell.samples.map(sample => sample[metric]);
    return { value: cell.median[metric], low: quantile(samples, 0.1), high: quantile(samples, 0.9) };
}

// -- plots --

const spreadBars = {
    id: "spreadBars",
    beforeDatasetsDraw(chart) {
        const { ctx, chartArea } = chart;
        ctx.save();
        ctx.beginPath();
        ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
        ctx.clip();
        ctx.lineWidth = 1.5;
        ctx.globalAlpha = 0.55;
        chart.data.datasets.forEach((dataset, index) => {
            chart.getDatasetMeta(index).data.forEach((point, at) => {
                const { low, high, along, model } = dataset.data[at];
                if (low === undefined || !chart.isDatasetVisible(index)) return;
                const from = chart.scales[along].getPixelForValue(low);
                const to = chart.scales[along].getPixelForValue(high);
                ctx.strokeStyle = colour(model);
                ctx.beginPath();
                ctx.moveTo(along === "x" ? from : point.x, along === "x" ? point.y : from);
                ctx.lineTo(along === "x" ? to : point.x, along === "x" ? point.y : to);
                ctx.stroke();
            });
        });
        ctx.restore();
    },
};

// Decades, and values between them where there are few; for bytes powers of 4 or 16.
function logTicks(from, to, unit) {
    const base = unit !== "bytes" ? 10 : to > from * 1024 ? 16 : 4;
    const steps = unit === "bytes" || to > from * 300 ? [1] : [1, 3];
    const ticks = [];
    for (let power = base ** Math.floor(Math.log(from) / Math.log(base)); power <= to; power *= base) {
        ticks.push(...steps.map(step => step * power).filter(value => value >= from * 0.999 && value <= to * 1.001));
    }
    return ticks;
}

// The axis of measured values: its unit is in its title, or at its ticks if it spans several.
function valueAxis(values, unit, what) {
    const positive = values.filter(value => value > 0);
    const least = Math.min(...positive), most = Math.max(...values);
    const log = unit !== "count" && positive.length > 0 && most >= LOG_FROM * least;
    const [factor, name] = unitOf(most, unit);
    const names = [...new Set([unitOf(log ? least : most, unit)[1], name])].filter(Boolean);
    const one = names.length < 2;
    const scale = [one ? names[0] : names.join(" to "), log ? "log scale" : ""].filter(Boolean).join(", ");
    return {
        type: log ? "logarithmic" : "linear",
        min: log ? least / 2 : 0,
        max: log ? most * 2 : undefined,
        grace: "4%",
        grid: { color: style("--line") },
        border: { color: style("--soft") },
        title: { display: true, text: scale ? `${what} (${scale})` : what, color: style("--soft") },
        afterBuildTicks: axis => {
            if (log) axis.ticks = logTicks(axis.min, axis.max, unit).map(value => ({ value }));
        },
        ticks: {
            color: style("--soft"), maxRotation: 0, autoSkip: true, autoSkipPadding: 8,
            callback: value => one ? String(Number((value / factor).toPrecision(3))) : tick(value, unit),
        },
    };
}

function sizeAxis(workload, sizes) {
    const log = Math.max(...sizes) >= LOG_FROM * Math.min(...sizes);
    const places = sizes.map(size => log ? Math.log(size) : size);
    const gaps = places.slice(1).map((place, at) => (place - places[at]) / (places.at(-1) - places[0]));
    const tight = window.innerWidth <= 736 && Math.min(...gaps) < 0.22; // labels would touch
    return {
        type: log ? "logarithmic" : "linear",
        min: log ? sizes[0] / 1.6 : sizes[0] - 1,
        max: log ? sizes.at(-1) * 1.6 : sizes.at(-1) + 1,
        grid: { color: style("--line") },
        title: { display: workload.size_name !== "", text: workload.size_name + (log ? " (log scale)" : ""),
                 color: style("--soft") },
        afterBuildTicks: axis => { axis.ticks = sizes.map(value => ({ value })); },
        ticks: { color: style("--soft"), autoSkip: false, minRotation: tight ? 35 : 0, maxRotation: 45,
                 callback: value => workload.size_titles[value] },
    };
}

function tooltip(unit) {
    return {
        callbacks: {
            title: () => "",
            label: ({ raw, dataset }) => [
                `${title(raw.model)}${dataset.column ? ", " + dataset.column : ""}: ${quantity(raw.value, unit)}`,
                ...(raw.low < raw.high ? [`most samples ${quantity(raw.low, unit)} to ${quantity(raw.high, unit)}`] : []),
            ],
        },
    };
}

const pointOf = model => ({
    pointStyle: shape(model), borderColor: colour(model), backgroundColor: colour(model), pointBorderColor: colour(model),
});

const valuesOf = datasets =>
    datasets.flatMap(dataset => dataset.data.flatMap(point => [point.value, point.low, point.high]));

// `kinds`: the shapes stand for columns, and have no model's colour.
const legendOf = kinds => ({
    display: true, position: "bottom",
    labels: {
        usePointStyle: true, boxHeight: 8, boxWidth: 8, padding: 12, color: style("--text"),
        generateLabels: chart => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((label, at) => ({
            ...label, lineWidth: 2, fillStyle: label.strokeStyle,
            ...(kinds ? { strokeStyle: style("--text"), fillStyle: at === 0 ? style("--text") : "transparent" } : {}),
        })),
    },
});

// One column of a table over the sizes; a line for each model.
function linesOver(workload, sizes, column) {
    const datasets = modelsOf(workload).map(model => ({
        label: title(model), showLine: true, borderWidth: 2, pointRadius: 5, pointHoverRadius: 7,
        pointBorderWidth: 2, ...pointOf(model),
        data: sizes.flatMap(size => {
            const found = valueOf(workload, model, size, column.metric);
            return found && found.value > 0 ? [{ x: size, y: found.value, along: "y", model, ...found }] : [];
        }),
    })).filter(dataset => dataset.data.length > 0);
    const values = valuesOf(datasets);
    return {
        height: 300, values, datasets,
        scales: () => ({ x: sizeAxis(workload, sizes),
                         y: valueAxis(values, column.unit, column.unit === "bytes" ? "memory" : column.unit) }),
        legend: legendOf(false),
        tooltip: tooltip(column.unit),
    };
}

// Columns of one unit for one size; a row for each model, a kind of point for each column.
function pointsOf(workload, size, columns) {
    const models = modelsOf(workload).filter(
        model => columns.some(column => valueOf(workload, model, size, column.metric)));
    const datasets = columns.map((column, at) => ({
        label: column.title, column: column.title, showLine: false, clip: 8, pointRadius: 6, pointHoverRadius: 8,
        pointBorderWidth: 2, borderWidth: 2, pointStyle: ["circle", "rectRot", "triangle"][at % 3],
        pointBorderColor: context => context.raw ? colour(context.raw.model) : "transparent",
        pointBackgroundColor: context => at === 0 && context.raw ? colour(context.raw.model) : "transparent",
        data: models.flatMap(model => {
            const found = valueOf(workload, model, size, column.metric);
            return found ? [{ x: found.value, y: title(model), along: "x", model, ...found }] : [];
        }),
    }));
    const values = valuesOf(datasets);
    const { unit } = columns[0];
    return {
        height: 88 + 30 * models.length + (columns.length > 1 ? 30 : 0), values, datasets,
        scales: () => ({
            x: valueAxis(values, unit, unit === "bytes" ? "memory" : unit),
            y: { type: "category", labels: models.map(title), offset: true, grid: { color: style("--line") },
                 ticks: { color: style("--text"), autoSkip: false,
                          callback(value) { return broken(this.getLabelForValue(value)); } } },
        }),
        legend: columns.length > 1 ? legendOf(true) : { display: false },
        tooltip: tooltip(unit),
    };
}

// In two lines where the plot is narrow.
function broken(text) {
    const words = text.split(" ");
    if (window.innerWidth > 736 || text.length < 15 || words.length < 3) return text;
    return [words[0], words.slice(1).join(" ")];
}

const charts = [];

// `chart` makes what is drawn, in the colours of the moment.
function plot(heading, chart) {
    const canvas = make("canvas", { role: "img", "aria-label": heading + "; the values are in the table below" });
    const frame = make("div", { className: "canvas" }, canvas);
    frame.style.height = chart().height + "px";
    charts.push({ canvas, chart });
    return make("figure", { className: "plot" }, make("h3", { text: heading }), frame);
}

// Again when the colours change.
function draw() {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = 12;
    for (const each of charts) {
        if (each.drawn) each.drawn.destroy();
        const chart = each.chart();
        each.drawn = new Chart(each.canvas, {
            type: "scatter",
            data: { datasets: chart.datasets },
            options: {
                animation: false, responsive: true, maintainAspectRatio: false,
                interaction: { mode: "nearest", intersect: false },
                scales: chart.scales(),
                plugins: { legend: chart.legend, tooltip: chart.tooltip },
            },
            plugins: [spreadBars],
        });
    }
}

// -- a workload --

function groupedByUnit(columns) {
    return [...new Set(columns.map(column => column.unit))]
        .map(unit => columns.filter(column => column.unit === unit));
}

function plotsOf(workload) {
    const plots = [];
    const add = (heading, chart) => {
        if (chart().values.length > 0) plots.push(plot(heading, chart));
    };
    const heading = (...parts) => capitalised(parts.filter(Boolean).join(", "));
    for (const table of workload.tables.filter(each => !each.title.startsWith(" "))) { // not a part of another
        const sizes = sizesOf(workload).filter(size => size >= table.size_min);
        if (sizes.length >= LINES_FROM) {
            for (const column of table.columns) {
                add(heading(table.title.trim(), column.title), () => linesOver(workload, sizes, column));
            }
            continue;
        }
        for (const size of sizes) {
            for (const columns of groupedByUnit(table.columns)) {
                const name = columns.length === 1 ? columns[0].title : "";
                const of = `${workload.size_titles[size]}\u00a0${workload.size_name}`.trim();
                const what = [table.title.trim(), name].filter(Boolean).join(", ");
                add(heading([of, what].filter(Boolean).join(": ")), () => pointsOf(workload, size, columns));
            }
        }
    }
    return plots;
}

function tableOf(workload, table, note) {
    const columns = sizesOf(workload).filter(size => size >= table.size_min)
        .flatMap(size => table.columns.map(column => ({ size, ...column })));
    if (columns.length === 0) return "";
    const models = modelsOf(workload);
    const best = columns.map(({ size, metric }) =>
        Math.min(...models.map(model => valueOf(workload, model, size, metric)?.value ?? Infinity)));
    const text = (model, { size, metric, unit }) => {
        const cell = cellOf(workload, model, size);
        if (!cell) return "";
        if (cell.status !== "measured") return cell.why ? note(cell.why) : "–"; // not tried: interrupted
        return metric in cell.median ? quantity(cell.median[metric], unit) : "–";
    };
    const head = make("tr", {}, make("th", { text: workload.size_name }), ...columns.map(({ size, title: name }) => make("th", {
        scope: "col", text: [workload.size_titles[size], name].filter(Boolean).join(": "),
    })));
    const rows = models.map(model => make("tr", {}, make("th", { scope: "row", text: title(model) }),
        ...columns.map((column, at) => {
            const found = valueOf(workload, model, column.size, column.metric);
            const among = found && found.value <= best[at] * EQUAL_UP_TO && column.unit !== "count";
            return make("td", { className: "number" + (among ? " best" : ""), text: text(model, column) });
        })));
    return make("div", { className: "wide" },
        make("table", {}, make("caption", { text: capitalised(table.title.trim()) }),
            make("thead", {}, head), make("tbody", {}, ...rows)));
}

function tablesOf(workload) {
    const reasons = [];
    const note = why => {
        if (!reasons.includes(why)) reasons.push(why);
        return String.fromCharCode(97 + reasons.indexOf(why));
    };
    const tables = workload.tables.map(table => tableOf(workload, table, note));
    const notes = make("ol", { className: "notes" }, ...reasons.map(text => make("li", { text })));
    const all = make("details", {}, make("summary", { text: "All values" }),
        make("div", { className: "tables" }, ...tables), reasons.length ? notes : "");
    all.open = window.innerWidth > 736;
    return all;
}

function sectionOf(workload) {
    return make("section", { id: workload.name },
        make("h2", { text: workload.title }),
        make("p", { className: "soft", text: capitalised(workload.doing) + "." }),
        make("div", { className: "plots" }, ...plotsOf(workload)),
        tablesOf(workload));
}

// -- the comparison with an earlier one --

const VERDICTS = { slower: "▲ worse", lost: "▲ lost", faster: "▼ better", same: "within noise",
    drifted: "~ with the machine", unclear: "? too few undisturbed rounds" };

function placeOf(change) {
    const workload = record.workloads.find(each => each.name === change.workload);
    const size = workload.size_titles[change.size];
    return { workload, text: [workload.title, size, title(change.model), change.title].filter(Boolean).join(", ") };
}

// 1 is always among them.
function ratioTicks(least, most) {
    const narrow = window.innerWidth <= 736;
    const steps = most < 5 * least ? (narrow ? [0.5, 0.7, 1, 1.5, 2] : [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2])
        : most < 200 * least ? (narrow ? [0.01, 0.1, 1, 10, 100] : [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])
            : [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000, 10000];
    return steps.filter(value => value >= least && value <= most);
}

function ratioPlot(changes) {
    const workloads = record.workloads.filter(each => changes.some(change => change.workload === each.name));
    const ratios = changes.map(change => change.ratio);
    const least = Math.min(1 / 1.5, ...ratios) / 1.15, most = Math.max(1.5, ...ratios) * 1.15;
    const datasets = record.models.map(({ name: model }) => ({
        label: title(model), showLine: false, pointRadius: 5, pointHoverRadius: 7, pointBorderWidth: 2, ...pointOf(model),
        pointBackgroundColor: context =>
            context.raw && ["slower", "faster"].includes(context.raw.change.verdict) ? colour(model) : "transparent",
        data: changes.filter(change => change.model === model).map(change => ({
            x: change.ratio, y: placeOf(change).workload.title, model, change })),
    })).filter(dataset => dataset.data.length > 0);
    return {
        height: 130 + 34 * workloads.length, values: ratios, datasets,
        scales: () => ({
            x: { type: "logarithmic", min: least, max: most, grid: { color: style("--line") },
                 title: { display: true, text: "now ÷ then (log scale)", color: style("--soft") },
                 afterBuildTicks: axis => {
                     axis.ticks = ratioTicks(least, most).map(value => ({ value }));
                 },
                 ticks: { color: style("--soft"), maxRotation: 0, autoSkip: false, callback: value => `${value}\u00a0×` } },
            y: { type: "category", labels: workloads.map(each => each.title), offset: true, grid: { color: style("--line") },
                 ticks: { color: style("--text"), callback(value) { return broken(this.getLabelForValue(value)); } } },
        }),
        legend: legendOf(false),
        tooltip: { callbacks: { title: () => "", label: ({ raw }) =>
            [placeOf(raw.change).text, `${digits(raw.change.ratio)} ×, ${VERDICTS[raw.change.verdict]}`] } },
    };
}

function changesTable(changes) {
    const rows = changes.map(change => make("tr", {},
        make("td", { text: placeOf(change).text }),
        make("td", { className: "number", text: quantity(change.then, change.unit) }),
        make("td", { className: "number", text: change.now === null ? "–" : quantity(change.now, change.unit) }),
        make("td", { className: "number", text: change.ratio === null ? "–" : digits(change.ratio) + "\u00a0×" }),
        make("td", { text: VERDICTS[change.verdict] })));
    const head = make("tr", {}, make("th"), ...["then", "now", "now ÷ then", ""].map(text => make("th", { scope: "col", text })));
    return make("div", { className: "wide" },
        make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function baselineSection({ date, summary, warnings, changes }) {
    const counted = changes.filter(change => change.ratio !== null);
    const section = make("section", { id: "baseline" },
        make("h2", { text: `Compared with ${date.replace("T", " ").replace("Z", " UTC")}` }),
        ...warnings.map(text => make("p", { className: "warning", text })),
        make("p", { className: "finding", text: summary }));
    if (counted.length > 0) {
        section.append(plot("Every value against its earlier one; filled where they differ beyond noise",
            () => ratioPlot(counted)));
    }
    const beyond = changes.filter(change => ["slower", "faster", "lost"].includes(change.verdict));
    if (beyond.length > 0) section.append(changesTable(beyond));
    section.append(make("details", {}, make("summary", { text: "All values" }), changesTable(changes)));
    return section;
}

// -- the page --

function headOf({ machine, versions }) {
    const gibibytes = Math.round(machine.memory_bytes / 2 ** 30);
    const head = make("header", {},
        make("h1", { text: "Threads, processes, coroutines: the same work" }),
        make("p", { className: "facts", text: `${machine.cpu}, ${machine.cores} ${machine.cores === 1 ? "core" : "cores"}, ` +
            `${gibibytes} GiB, ${machine.kernel}. eddy ${versions.eddy}, ${versions.compiler}, oneTBB ${versions.tbb}, ` +
            `mimalloc ${versions.mimalloc}.` }),
        make("p", { className: "facts", text: `${record.date.replace("T", " ").replace("Z", " UTC")}; each cell up to ${record.rounds} ` +
            `times${record.extent === "quick" ? " (quick)" : ""}, in a process of its own. Shown are medians; a bar through a ` +
            "point spans the 10th to the 90th percentile of the samples. Everywhere less is better." }));
    for (const text of record.warnings) head.append(make("p", { className: "warning", text }));
    return head;
}

function legend() {
    const shown = record.models.filter(({ name }) => record.cells.some(cell => cell.model === name));
    return make("section", { id: "models" }, make("h2", { text: "What was compared" }),
        make("ul", { className: "legend" }, ...shown.map(({ name, title: of, what }) => make("li", {},
            make("span", { className: "mark", style: `color: var(--${name})`, text: glyph(name), "aria-hidden": "true" }),
            make("span", {}, make("b", { text: of }), `: ${what}`)))));
}

function findings() {
    return make("section", { id: "findings" }, make("h2", { text: "What was found" }),
        make("ul", { className: "findings" }, ...record.workloads.map(({ name, title: of }) => make("li", {},
            make("a", { href: "#" + name, text: of }),
            make("ul", { className: "of" }, ...record.findings[name].map(text => make("li", { text }))))),
        make("p", { className: "soft", text: "n\u00a0× is n times as much as the best one; up to 5\u00a0% more counts as equal." })));
}

page.replaceChildren(headOf(record), ...(record.baseline ? [baselineSection(record.baseline)] : []), legend(), findings(),
    ...record.workloads.map(sectionOf));
document.getElementById("download").href =
    "data:application/json," + encodeURIComponent(JSON.stringify(record, null, 2) + "\n");
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
