// The map page without its map: live counts, the drawn map, the detail panel. The page works
// without any of this; each part here replaces something the server has already put there.
import { counts } from "./counts.js";
import { panel } from "./panel.js";
import { charts } from "./charts.js";
import { Statuses } from "./statuses.js";
import { redrawing } from "./svg.js";

const main = document.querySelector("main");
const words = JSON.parse(main.dataset.words);

async function start() {
  charts(document, main.dataset);
  const statuses = new Statuses(main.dataset.area);
  await statuses.follow();
  light(statuses);
  if (main.dataset.page === "village") return reload(statuses);
  counts(statuses, main.dataset);
  const open = panel(statuses, main.dataset);
  const box = document.getElementById("map");
  const stop = redrawing(statuses, open, main.dataset);
  if (!hasWebGL() || !(await wanted())) return;
  const { showMap } = await import("./map.js");
  await showMap({ box, statuses, open, words, data: main.dataset });
  stop();
}

// The light that tells whether the page keeps itself up to date.
function light(statuses) {
  const show = () => {
    const sign = document.getElementById("live"); // the tables bring a new one
    sign.dataset.on = String(statuses.connected);
    sign.textContent = statuses.connected ? words.live : words.notLive;
  };
  statuses.addEventListener("connection", show);
  show();
}

// A village's own page has one subject: when it changes, the server draws the page anew.
function reload(statuses) {
  statuses.addEventListener("change", () => location.reload());
}

function hasWebGL() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

// On a metered or very slow line the interactive map (half a megabyte) waits until it is asked for.
function wanted() {
  const line = navigator.connection;
  const slow = line && (line.saveData || /(^|-)2g$/.test(line.effectiveType || ""));
  if (!slow) return true;
  const button = document.getElementById("load-map");
  button.hidden = false;
  return new Promise((resolve) => {
    button.addEventListener("click", () => {
      button.hidden = true;
      resolve(true);
    });
  });
}

if (["area", "village"].includes(main.dataset.page)) start();
