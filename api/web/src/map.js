// The interactive map. Statuses are joined to the geometry here; the geometry itself stays in the
// browser's cache.
import { AttributionControl, Map, NavigationControl, setWorkerUrl } from "maplibre-gl";
import { addSymbols, iconFor } from "./symbols.js";
import { layers } from "./style.js";
import { byPart, shade } from "./statuses.js";

export async function showMap({ box, statuses, open, words, data }) {
  const fonts = ["Latin", "देवनागरी"].map((sample) => document.fonts.load("400 14px Pahunch", sample));
  const [geometry] = await Promise.all([placed(statuses), styleSheet(data.mapStyle), ...fonts]);
  setWorkerUrl(data.mapWorker);
  const place = document.createElement("div");
  place.className = "gl-map";
  box.append(place);
  const map = create(place, geometry, statuses, words);
  await new Promise((resolve) => map.once("load", resolve));
  box.classList.add("has-gl");
  update(map, geometry, statuses, null); // what has changed while it loaded
  const changed = gathering(map, (detail) => update(map, geometry, statuses, detail));
  statuses.addEventListener("change", ({ detail }) => changed(detail));
  map.on("click", (event) => pick(map, event, open));
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = hit(map, event.point) ? "pointer" : "";
  });
  const names = await json(statuses.address(`names/${data.lang}`));
  geometry.names = names.villages;
  map.getSource("centres").setData(points(geometry.centres, (n) => ({ name: names.parts[n] })));
  update(map, geometry, statuses, null);
  map.once("idle", () => (box.dataset.ready = "true"));
}

async function json(address) {
  return (await fetch(address)).json();
}

// The geometry, with the sites that stand at a village's place put there.
async function placed(statuses) {
  const geometry = await json(statuses.address("geometry"));
  const { villages, sites } = geometry;
  let [village, own] = [0, 0];
  const places = sites.step.map((step) => {
    if (step === null) return [sites.lon[own], sites.lat[own++]];
    village += step;
    return [villages.lon[village], villages.lat[village]];
  });
  sites.lon = places.map(([lon]) => lon);
  sites.lat = places.map(([, lat]) => lat);
  return geometry;
}

function styleSheet(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
  return new Promise((resolve) => link.addEventListener("load", resolve));
}

function create(container, geometry, statuses, words) {
  const [west, south, east, north] = geometry.bounds;
  const map = new Map({
    container,
    style: {
      version: 8,
      sources: {
        parts: { type: "geojson", data: geometry.outlines },
        centres: { type: "geojson", data: points(geometry.centres, () => ({})) },
        villages: { type: "geojson", data: villagePoints(geometry, statuses) },
        sites: { type: "geojson", data: sitePoints(geometry, statuses) },
      },
      layers: layers(),
    },
    bounds: [west, south, east, north],
    fitBoundsOptions: { padding: 12 },
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

function points({ lon, lat }, properties) {
  const features = [];
  lon.forEach((x, id) => {
    if (x === null) return;
    features.push({ type: "Feature", id, properties: properties(id), geometry: { type: "Point", coordinates: [x, lat[id]] } });
  });
  return { type: "FeatureCollection", features };
}

function villagePoints(geometry, statuses) {
  const { villages, names } = geometry;
  return points(villages, (n) => ({ s: statuses.villages[n], ...(names && { name: names[n] }) }));
}

function sitePoints(geometry, statuses) {
  const { kind } = geometry.sites;
  return points(geometry.sites, (n) => ({ kind: kind[n], icon: iconFor(kind[n], statuses.sites[n]) }));
}

function update(map, geometry, statuses, changed) {
  if (!changed) {
    map.getSource("villages").setData(villagePoints(geometry, statuses));
    map.getSource("sites").setData(sitePoints(geometry, statuses));
  } else {
    change(map.getSource("villages"), changed.villages, (n) => [{ key: "s", value: statuses.villages[n] }]);
    change(map.getSource("sites"), changed.sites, (n) => [
      { key: "icon", value: iconFor(geometry.sites.kind[n], statuses.sites[n]) },
    ]);
  }
  paint(map, geometry, statuses);
}

function change(source, numbers, addOrUpdateProperties) {
  if (!numbers.length) return;
  source.updateData({ update: numbers.map((id) => ({ id, addOrUpdateProperties: addOrUpdateProperties(id) })) });
}

// Shades of the parts.
function paint(map, geometry, statuses) {
  byPart(statuses.villages, geometry.villages.part, geometry.parts).forEach((pile, id) => {
    map.setFeatureState({ source: "parts", id }, { shade: shade(pile) });
  });
}

function hit(map, { x, y }) {
  const near = [[x - 8, y - 8], [x + 8, y + 8]];
  return map.queryRenderedFeatures(near, { layers: ["villages", "hubs", "kendras"] })[0];
}

function pick(map, event, open) {
  const found = hit(map, event.point);
  if (found) open(found.source === "villages" ? "village" : "site", found.id);
}
