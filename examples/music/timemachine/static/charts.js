// Draws charts from the tables beside them, in the colours of the theme.
"use strict";

const charts = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function readTable(table) {
  const rows = [...table.tBodies[0].rows];
  const columns = rows.length ? rows[0].cells.length - 1 : 0;
  return {
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    columns: Array.from({ length: columns }, (_, column) =>
      rows.map((row) => Number(row.cells[column + 1].dataset.value))),
    heads: [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim()),
  };
}

function axes() {
  const grid = { color: colour("--line") }, ticks = { color: colour("--faint") };
  return {
    x: { grid: { display: false }, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 24 } },
    y: { grid, border: { display: false }, beginAtZero: true, ticks: { ...ticks, maxTicksLimit: 6 } },
  };
}

function draw(canvas) {
  const data = readTable(document.getElementById(canvas.dataset.table));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const many = data.labels.length > 40;
  const compare = canvas.dataset.chart === "compare";
  const shown = compare ? [0, 1] : [canvas.dataset.measure === "plays" ? 0 : 1];
  const colours = compare ? ["--accent", "--second"] : ["--accent"];
  const chart = new Chart(canvas, {
    type: compare ? "line" : "bar",
    data: {
      labels: data.labels,
      datasets: shown.map((column, place) => ({
        label: data.heads[column],
        data: data.columns[column],
        backgroundColor: colour(colours[place]),
        borderColor: colour(colours[place]),
        borderRadius: 3,
        borderWidth: compare ? 2 : 0,
        pointRadius: 0,
        pointHitRadius: 12,
        tension: 0.3,
        categoryPercentage: many ? 0.9 : 0.7,
      })),
    },
    options: {
      animation: still ? false : { duration: 350 },
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: compare, labels: { color: colour("--text"), usePointStyle: true } },
        tooltip: { displayColors: compare },
      },
      scales: axes(),
    },
  });
  charts.push({ canvas, chart });
}

function drawAll() {
  for (const { chart } of charts.splice(0)) chart.destroy();
  document.querySelectorAll("canvas[data-chart]").forEach(draw);
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

document.querySelectorAll("[data-measure][aria-pressed]").forEach((button) => {
  button.addEventListener("click", () => {
    const canvas = button.closest(".card").querySelector("canvas");
    canvas.dataset.measure = button.dataset.measure;
    for (const other of button.parentElement.children) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    drawAll();
  });
});
