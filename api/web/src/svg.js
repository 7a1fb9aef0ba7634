// Redraws the points and shades of the server's SVG map when statuses change, and lets a click find
// the village under it.
import { byPart, shade } from "./statuses.js";

const NEAR = 14; // drawing units
const TRIANGLE = "l8 14h-16z"; // as in maps/svg.py

// Returns what ends it.
export function redrawing(statuses, open) {
  const svg = document.getElementById("svg-map");
  let loading;
  const geometry = () => (loading ??= fetch(statuses.address("geometry")).then((answer) => answer.json()));
  const redraw = async () => {
    const known = await geometry();
    points(svg, statuses.villages, known.villages);
    shades(svg, statuses.villages, known);
  };
  const pick = async (event) => {
    const link = event.target.closest("a");
    event.preventDefault();
    const number = nearest(svg, event, (await geometry()).villages);
    if (number !== null) open("village", number);
    else if (link) location.assign(link.href.baseVal);
  };
  statuses.addEventListener("change", redraw);
  svg.addEventListener("click", pick);
  return () => {
    statuses.removeEventListener("change", redraw);
    svg.removeEventListener("click", pick);
  };
}

function projected(svg, lon, lat) {
  const { west, north, perLon, perLat } = svg.dataset;
  return [(lon - west) * perLon, (north - lat) * perLat];
}

function nearest(svg, event, { lon, lat }) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  let best = [NEAR, null];
  lon.forEach((east, n) => {
    if (east === null) return;
    const [x, y] = projected(svg, east, lat[n]);
    const far = Math.hypot(x - at.x, y - at.y);
    if (far < best[0]) best = [far, n];
  });
  return best[1];
}

function points(svg, letters, { lon, lat }) {
  for (const path of svg.querySelectorAll("path[data-letter]")) {
    const mark = path.dataset.letter === "d" ? TRIANGLE : "h0";
    let drawn = "";
    letters.forEach((letter, n) => {
      if (letter !== path.dataset.letter || lon[n] === null) return;
      const [x, y] = projected(svg, lon[n], lat[n]);
      drawn += `M${Math.round(x)} ${Math.round(y)}${mark}`;
    });
    path.setAttribute("d", drawn);
  }
}

function shades(svg, letters, geometry) {
  const piles = byPart(letters, geometry.villages.part, geometry.parts);
  for (const path of svg.querySelectorAll("path[data-part]")) {
    path.setAttribute("class", `part ${shade(piles[path.dataset.part])}`);
  }
}
