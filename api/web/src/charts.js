// Draws the traffic charts that a piece of the page asks for; without it their text stays.
export async function charts(root, data) {
  const places = root.querySelectorAll("[data-history]");
  if (!places.length) return;
  const { drawChart } = await import("./chart.js");
  for (const place of places) drawChart(place, data.lang);
}
