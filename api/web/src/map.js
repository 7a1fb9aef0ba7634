// The interactive map. Its tiles stay in the browser's cache; statuses are joined to them here.
import { Map, NavigationControl, addProtocol, setWorkerUrl } from "maplibre-gl";
import { Protocol } from "pmtiles";
import { addSymbols } from "./symbols.js";
import { layers, nodeSize } from "./style.js";
import { shade } from "./statuses.js";

const SAMPLES = { en: "Latin", hi: "देवनागरी", pa: "ਗੁਰਮੁਖੀ" }; // a word in the script of each language

export async function showMap({ box, statuses, open, words, data }) {
  const fonts = ["Latin", SAMPLES[data.lang]].map((sample) => document.fonts.load("400 14px Pahunch", sample));
  const [plan] = await Promise.all([planned(statuses), styleSheet(data.mapStyle), ...fonts]);
  setWorkerUrl(data.mapWorker);
  addProtocol("pmtiles", new Protocol().tile);
  const place = document.createElement("div");
  place.className = "gl-map";
  box.append(place);
  const painted = painting(statuses, plan);
  const map = create(place, plan, painted, words, data.lang);
  await new Promise((resolve) => map.once("load", resolve));
  box.classList.add("has-gl");
  painted.all(map);
  const changed = gathering(map, (detail) => (detail ? painted.some(map, detail) : painted.all(map)));
  statuses.addEventListener("change", ({ detail }) => changed(detail));
  map.on("click", (event) => pick(map, event, plan, open));
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = hit(map, event.point) ? "pointer" : "";
  });
  map.once("idle", () => (box.dataset.ready = "true"));
}

const PATIENCE_MS = [2000, 60000];

// Where the tiles are, once they are made, and which of their features are the page's.
async function planned(statuses) {
  for (let wait = PATIENCE_MS[0]; ; wait = Math.min(2 * wait, PATIENCE_MS[1])) {
    const answer = await fetch(statuses.address("map/tiles"));
    const plan = answer.ok ? await answer.json() : {};
    if (plan.order && plan.order !== statuses.order) await statuses.refresh();
    else if (plan.archive) return plan;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function styleSheet(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
  return new Promise((resolve) => link.addEventListener("load", resolve));
}

function create(container, plan, { usual }, words, language) {
  const [west, south, east, north] = plan.bounds;
  const map = new Map({
    container,
    style: {
      version: 8,
      sources: { map: { type: "vector", url: `pmtiles://${location.origin}${plan.archive}` } },
      layers: layers({ spans: plan.spans, usual, language }),
    },
    bounds: [west, south, east, north],
    fitBoundsOptions: { padding: 12 },
    hash: "map", // an address leads back to the place
    maxZoom: 14,
    attributionControl: false, // the page's foot carries the attributions
    cooperativeGestures: true,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: words.map,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.on("style.load", () => addSymbols(map));
  return map;
}

const LEVELS = ["district", "block"];

// Sets the state of features whose letter or shade is not what the map shows.
function painting(statuses, plan) {
  const usual = { village: commonest(statuses.villages), site: commonest(statuses.sites) };
  const shown = {
    village: statuses.villages.map(() => usual.village),
    site: statuses.sites.map(() => usual.site),
    district: [],
    block: [],
  };
  function show(map, layer, number, key, value) {
    if (shown[layer][number] === value) return;
    shown[layer][number] = value;
    const id = plan.spans[layer][0] + number;
    map.setFeatureState({ source: "map", sourceLayer: layer, id }, { [key]: value });
  }
  function shades(map) {
    for (const level of LEVELS) {
      plan.villages[level].forEach(([first, end], number) => {
        show(map, level, number, "shade", shade(statuses.villages.slice(first, end)));
      });
    }
  }
  return {
    usual,
    all(map) {
      statuses.villages.forEach((letter, number) => show(map, "village", number, "s", letter));
      statuses.sites.forEach((letter, number) => show(map, "site", number, "s", letter));
      shades(map);
    },
    some(map, { villages, sites }) {
      villages.forEach((number) => show(map, "village", number, "s", statuses.villages[number]));
      sites.forEach((number) => show(map, "site", number, "s", statuses.sites[number]));
      shades(map);
    },
  };
}

// A state of a hundred thousand features begins as the commonest letter: only the others are told.
function commonest(letters) {
  const count = {};
  for (const letter of letters) count[letter] = (count[letter] ?? 0) + 1;
  return Object.keys(count).reduce((best, letter) => (count[letter] > (count[best] ?? 0) ? letter : best), "?");
}

const REST_MS = 500;

// Hands changes on, the first at once. While the map still draws, and for as long again up to half a
// second, they are gathered: an old PC keeps time for everything else.
function gathering(map, work) {
  let waiting = null;
  let busy = false;
  function start(changes) {
    const began = performance.now();
    busy = true;
    work(changes);
    map.once("idle", () => setTimeout(next, Math.min(REST_MS, performance.now() - began)));
    map.triggerRepaint(); // where nothing has changed after all, it is idle still
  }
  function next() {
    busy = false;
    const gathered = waiting;
    waiting = null;
    if (gathered) start(gathered.all ? null : { villages: [...gathered.villages], sites: [...gathered.sites] });
  }
  return (changes) => {
    if (!busy) return start(changes);
    waiting ??= { all: false, villages: new Set(), sites: new Set() };
    if (!changes) waiting.all = true;
    for (const kind of ["villages", "sites"]) changes?.[kind].forEach((number) => waiting[kind].add(number));
  };
}

// The village or site nearest to a point of the screen; a kendra is drawn beside its place.
function hit(map, { x, y }) {
  const near = [[x - 8, y - 8], [x + 8, y + 8]];
  const beside = 11 * nodeSize(map.getZoom());
  const away = ({ geometry, properties }) => {
    const at = map.project(geometry.coordinates);
    const shift = properties.kind === "k" ? beside : 0;
    return Math.hypot(at.x + shift - x, at.y - shift - y);
  };
  const found = map.queryRenderedFeatures(near, { layers: ["villages", "nodes-?"] });
  return found.sort((one, other) => away(one) - away(other))[0];
}

function pick(map, event, plan, open) {
  const found = hit(map, event.point);
  if (found) open(found.sourceLayer, found.id - plan.spans[found.sourceLayer][0]);
}
