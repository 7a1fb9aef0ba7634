// Keeps the server's drawn map up to date, and lets a click find the village under it.
import { throttled } from "./throttled.js";

const NEAR = 14; // drawing units

// Returns what ends it.
export function redrawing(statuses, open, data) {
  const box = document.getElementById("map");
  const svg = () => document.getElementById("svg-map");
  let ended = false;
  const redraw = throttled(async () => {
    const answer = ended ? null : await fetch(statuses.fragment(data.lang, "drawing"));
    if (answer?.ok && !ended) svg().outerHTML = await answer.text();
  });
  const pick = async (event) => {
    if (!svg().contains(event.target)) return;
    const link = event.target.closest("a");
    event.preventDefault();
    const number = await nearest(svg(), event, statuses);
    if (number !== null) open("village", number);
    else if (link) location.assign(link.href.baseVal);
  };
  statuses.addEventListener("change", redraw);
  box.addEventListener("click", pick);
  return () => {
    ended = true;
    statuses.removeEventListener("change", redraw);
    box.removeEventListener("click", pick);
  };
}

// Number of the village at that place of the drawing; null where there is none.
async function nearest(svg, event, statuses) {
  const { west, north, perLon, perLat } = svg.dataset;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const place = `lon=${Number(west) + at.x / perLon}&lat=${north - at.y / perLat}`;
  const answer = await fetch(statuses.address("map/nearest", place));
  if (!answer.ok) return null;
  const found = await answer.json();
  const far = Math.hypot((found.lon - west) * perLon - at.x, (north - found.lat) * perLat - at.y);
  return far < NEAR && found.order === statuses.order ? found.village : null;
}
