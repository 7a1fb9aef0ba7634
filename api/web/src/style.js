// Layers of the interactive map over the tiles of maps/features.py. Colours come from the page's
// style sheet, the one palette. What changes with a status is a feature's state.
import { colour } from "./symbols.js";

const FONT = ["Pahunch"];
const SHADES = ["s0", "s1", "s2", "s3", "s4", "s-unknown", "s-none"];
const BLOCKS_FROM = 7.5;
const ANCHORS = ["top", "bottom", "left", "right"];
const SITE_LETTERS = ["?", "u", "d", "x"]; // what needs attention lies on top

// `spans` gives for each layer the first number of the page's own features and the one after the
// last; `usual` the letter of a village, and of a site, that has no state of its own.
export function layers({ spans, usual, language }) {
  const own = (layer) => between(["id"], spans[layer]);
  const name = ["coalesce", ["get", language], ["get", "en"]];
  const village = letterOr(usual.village);
  const site = letterOr(usual.site);
  const ends = ["all", between(["get", "a"], spans.site), between(["get", "b"], spans.site)];
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    ...shaded("district", own("district"), 0),
    ...shaded("block", own("block"), BLOCKS_FROM), // a block without an outline keeps its district's shade
    border("block", own("block"), BLOCKS_FROM, 0.8),
    border("district", own("district"), 0, 1.4),
    line("spurs", ["all", ["!", ["has", "ring"]], ends], 0.8),
    line("rings", ["all", ["has", "ring"], ends], 1.8),
    // Below the marks: a name never hides a village.
    names("ring-names", "line", ["all", ["has", "ring"], ends], ["get", "ring"], { minzoom: 9.5, size: 11, along: true }),
    names("village-names", "village", own("village"), name, { minzoom: 11, size: 12, offset: 0.8 }),
    names("gp-names", "site", ["all", ["==", ["get", "kind"], "g"], own("site")], name, { minzoom: 9.5, maxzoom: 11, size: 12, offset: 0.8 }),
    gps(["all", ["==", ["get", "kind"], "g"], own("site")], site),
    calm(own("village"), village),
    ...["degraded", "blocked"].map((status) => alarming(status, own("village"), village)),
    names("block-names", "label", labels("block", own("block")), name, { minzoom: BLOCKS_FROM, maxzoom: 10.5, size: 12, offset: 0.8 }),
    names("district-names", "label", labels("district", own("district")), name, { maxzoom: 9, size: ["interpolate", ["linear"], ["zoom"], 5, 11, 9, 18], offset: 0.8 }),
    ...SITE_LETTERS.map((letter) => nodes(letter, ["all", ["!=", ["get", "kind"], "g"], own("site")], site)),
  ];
}

function between(value, [first, end]) {
  return ["all", [">=", value, first], ["<", value, end]];
}

function labels(level, own) {
  return ["all", ["==", ["get", "level"], level], own];
}

function letterOr(usual) {
  return ["coalesce", ["feature-state", "s"], usual];
}

// An area in the shade of its villages' share, hatched where most is unknown, dotted where its
// outline is nobody's official one.
function shaded(layer, filter, minzoom) {
  const shade = ["coalesce", ["feature-state", "shade"], "s-none"];
  const shades = SHADES.flatMap((name) => [name, colour(`map-${name}`)]);
  const base = { type: "fill", source: "map", "source-layer": layer, minzoom };
  return [
    { ...base, id: layer, filter, paint: { "fill-color": ["match", shade, ...shades, colour("map-s-none")] } },
    {
      ...base,
      id: `${layer}-hatch`,
      filter,
      paint: { "fill-pattern": "hatch", "fill-opacity": ["case", ["==", shade, "s-unknown"], 1, 0] },
    },
    {
      ...base,
      id: `${layer}-approximate`,
      filter: ["all", ["has", "approximate"], filter],
      paint: { "fill-pattern": "approximate" },
    },
  ];
}

function border(layer, filter, minzoom, width) {
  const paint = { "line-color": colour("map-border"), "line-width": width };
  return { id: `${layer}-border`, type: "line", source: "map", "source-layer": layer, filter, minzoom, paint };
}

function line(id, filter, width) {
  const wide = ["interpolate", ["linear"], ["zoom"], 7, width / 2, 12, width * 1.5];
  const strong = ["interpolate", ["linear"], ["zoom"], 7, 0.3, 11, 0.75];
  const paint = { "line-color": colour("map-line"), "line-width": wide, "line-opacity": strong };
  return { id, type: "line", source: "map", "source-layer": "line", filter, layout: { "line-cap": "round" }, paint };
}

function points(id, layer, type, filter) {
  return { id, type, source: "map", "source-layer": layer, filter };
}

// Panchayat equipment: a ring, the thicker the worse.
function gps(filter, letter) {
  const paint = {
    "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 3, 10, 7, 12, 12],
    "circle-color": colour("map-halo"),
    "circle-opacity": 0,
    "circle-stroke-width": ["match", letter, "x", 4, "d", 3, "u", 1.6, 1.2],
    "circle-stroke-color": byLetter(letter, ["u", "d", "x"]),
  };
  return { ...points("gps", "site", "circle", filter), paint };
}

function byLetter(letter, [good, bad, worst]) {
  const pairs = [good, colour("ready"), bad, colour("degraded"), worst, colour("blocked")];
  return ["match", letter, ...pairs, colour("unknown")];
}

// Villages that are ready (dots) or unknown (hollow).
function calm(filter, letter) {
  const shown = ["match", letter, ["r", "?"], 1, 0];
  const paint = {
    "circle-radius": ["interpolate", ["linear"], ["zoom"], 5, 1.6, 9, 3, 12, 6.5],
    "circle-color": ["match", letter, "r", colour("ready"), colour("map-halo")],
    "circle-opacity": shown,
    "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 7, 0.7, 12, 2],
    "circle-stroke-color": ["match", letter, "r", colour("map-halo"), colour("unknown")],
    "circle-stroke-opacity": shown,
  };
  return { ...points("villages", "village", "circle", filter), paint };
}

function alarming(status, filter, letter) {
  const layout = { ...atItsPlace(status), "icon-size": ["interpolate", ["linear"], ["zoom"], 5, 0.4, 9, 0.6, 12, 1] };
  const paint = { "icon-opacity": ["case", ["==", letter, status[0]], 1, 0] };
  return { ...points(`villages-${status}`, "village", "symbol", filter), layout, paint };
}

export function nodeSize(zoom) {
  return 0.5 + (0.6 * (Math.min(Math.max(zoom, 5), 12) - 5)) / 7;
}

// Network nodes and kendras with that letter; a kendra beside its village, not on it.
function nodes(shown, filter, letter) {
  const kendra = ["==", ["get", "kind"], "k"];
  const layout = {
    ...atItsPlace(["case", kendra, `k${shown}`, `h${shown}`]),
    "icon-ignore-placement": false, // names give way
    "icon-size": ["interpolate", ["linear"], ["zoom"], 5, nodeSize(5), 12, nodeSize(12)],
    "icon-offset": ["case", kendra, ["literal", [11, -11]], ["literal", [0, 0]]],
  };
  const paint = { "icon-opacity": ["case", ["==", letter, shown], 1, 0] };
  return { ...points(`nodes-${shown}`, "site", "symbol", filter), layout, paint };
}

function atItsPlace(image) {
  return { "icon-image": image, "icon-allow-overlap": true, "icon-ignore-placement": true };
}

function names(id, layer, filter, text, { minzoom = 0, maxzoom = 24, size, offset = 0, along = false }) {
  const beside = offset && { "text-variable-anchor": ANCHORS, "text-radial-offset": offset };
  const layout = { "text-field": text, "text-font": FONT, "text-size": size, "text-padding": 1, ...beside };
  if (along) layout["symbol-placement"] = "line";
  const paint = { "text-color": colour(along ? "map-line" : "ink"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.6 };
  return { ...points(id, layer, "symbol", filter), minzoom, maxzoom, layout, paint };
}
