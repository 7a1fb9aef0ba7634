// A traffic chart: two lines over time, from /api/v1/history.
import uPlot from "uplot";

const HEIGHT = 160;

export async function drawChart(place, language) {
  const answer = await fetch(place.dataset.history);
  if (!answer.ok) return;
  const { series } = await answer.json();
  if (!series.length || !series[0].at.length) return;
  const colours = getComputedStyle(document.documentElement);
  const lines = JSON.parse(place.dataset.lines);
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Kolkata"),
    legend: { live: false },
    cursor: { drag: { x: false, y: false } },
    series: [{}, ...lines.map((label, n) => line(label, colours.getPropertyValue(`--line-${n + 1}`), n))],
    axes: [axis(colours, { values: clock(language) }), axis(colours, { values: (_, ticks) => ticks.map(bits), size: 64 })],
  };
  place.replaceChildren();
  new uPlot(options, joined(series), place);
}

function line(label, stroke, n) {
  return { label, stroke, width: 2, dash: n ? [6, 3] : [], points: { show: false }, spanGaps: false };
}

function axis(colours, more) {
  const grid = { stroke: colours.getPropertyValue("--line"), width: 1 };
  return { stroke: colours.getPropertyValue("--ink-soft"), font: "12px Pahunch, sans-serif", grid, ticks: { ...grid, size: 6 }, ...more };
}

function clock(language) {
  const format = new Intl.DateTimeFormat(`${language}-IN-u-nu-latn`, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Kolkata" });
  return (_, ticks) => ticks.map((tick) => format.format(new Date(tick * 1000)));
}

function bits(value) {
  if (!value) return value === 0 ? "0" : "";
  const step = value >= 1e9 ? [1e9, "G"] : value >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${+(value / step[0]).toFixed(1)} ${step[1]}bit/s`;
}

// Columns on one time axis: the series of one port share their times.
function joined(series) {
  const times = [...new Set(series.flatMap((one) => one.at))].sort((a, b) => a - b);
  const lookup = series.map((one) => new Map(one.at.map((at, n) => [at, one.mean[n]])));
  return [times, ...lookup.map((values) => times.map((at) => values.get(at) ?? null))];
}
