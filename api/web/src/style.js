// Layers of the interactive map. Colours come from the page's style sheet, the one palette.
import { colour } from "./symbols.js";

const FONT = ["Pahunch"];
const SHADES = ["s0", "s1", "s2", "s3", "s4", "s-unknown", "s-none"];

export function layers() {
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    { id: "parts", type: "fill", source: "parts", paint: { "fill-color": byShade() } },
    {
      id: "hatch",
      type: "fill",
      source: "parts",
      paint: { "fill-pattern": "hatch", "fill-opacity": ["case", ["==", ["feature-state", "shade"], "s-unknown"], 1, 0] },
    },
    { id: "borders", type: "line", source: "parts", paint: { "line-color": colour("map-border"), "line-width": 1.2 } },
    icons("gps", "sites", ["==", ["get", "kind"], "g"], ["get", "icon"], { minzoom: 9 }),
    icons("villages", "villages", true, ["concat", "v", ["get", "s"]], {}),
    icons("kendras", "sites", ["==", ["get", "kind"], "k"], ["get", "icon"], { minzoom: 9, offset: [11, -11] }),
    icons("hubs", "sites", ["in", ["get", "kind"], ["literal", ["b", "d", "n"]]], ["get", "icon"], { minzoom: 6.5 }),
    names("village-names", "villages", 12, { minzoom: 10.5, offset: [0, 0.9] }),
    names("part-names", "centres", 13, { maxzoom: 10.5, offset: [0, 0] }),
  ];
}

function byShade() {
  const pairs = SHADES.flatMap((name) => [name, colour(`map-${name}`)]);
  return ["match", ["coalesce", ["feature-state", "shade"], "s-none"], ...pairs, colour("map-s-none")];
}

function icons(id, source, filter, image, { minzoom = 0, offset = [0, 0] }) {
  return {
    id,
    type: "symbol",
    source,
    filter,
    minzoom,
    layout: {
      "icon-image": image,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 5, sized(0.22, 0.4), 7, sized(0.4, 0.55), 9, sized(0.75, 0.85), 12, 1.2],
      "icon-offset": offset,
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      // What needs attention lies on top.
      "symbol-sort-key": ["match", ["get", "s"], "b", 3, "d", 2, "r", 1, 0],
    },
  };
}

// Far out, what works is small, so that the rest is seen.
function sized(calm, alarming) {
  return ["match", ["get", "s"], ["r", "?"], calm, alarming];
}

function names(id, source, size, { minzoom = 0, maxzoom = 24, offset }) {
  return {
    id,
    type: "symbol",
    source,
    minzoom,
    maxzoom,
    filter: ["has", "name"],
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": size, "text-offset": offset, "text-optional": true },
    paint: { "text-color": colour("ink"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.6 },
  };
}
