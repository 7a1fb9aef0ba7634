// The map's marks, drawn once: a shape for each status beside its colour, as in the legend.
const RATIO = 2;
const SIDE = 24;

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const COLOUR_OF = { u: "ready", d: "degraded", x: "blocked", "?": "unknown" };

// Images: "blocked" and "degraded" (villages), "h" (network nodes) and "k" (kendras) with each
// letter of a site, the patterns "hatch" and "approximate".
export function addSymbols(map) {
  const add = (name, draw, side) => map.addImage(name, image(draw, side), { pixelRatio: RATIO });
  add("blocked", (pen) => village(pen, "blocked", () => pen.rect(4.5, 4.5, 15, 15)));
  add("degraded", (pen) => village(pen, "degraded", () => polygon(pen, [[12, 3], [21.5, 20], [2.5, 20]])));
  for (const letter of Object.keys(COLOUR_OF)) {
    add(`h${letter}`, (pen) => square(pen, letter));
    add(`k${letter}`, (pen) => diamond(pen, letter));
  }
  add("hatch", hatch, 12);
  add("approximate", dots, 10);
}

function image(draw, side = SIDE) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.scale(RATIO, RATIO);
  draw(pen, side);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function village(pen, status, shape) {
  pen.beginPath();
  shape();
  pen.fillStyle = colour(status);
  pen.fill();
  pen.lineWidth = 1.8;
  pen.strokeStyle = colour("map-halo");
  pen.stroke();
}

function polygon(pen, corners) {
  corners.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

function diamond(pen, letter) {
  pen.beginPath();
  polygon(pen, [[12, 5], [19, 12], [12, 19], [5, 12]]);
  pen.fillStyle = colour("map-halo");
  pen.fill();
  outline(pen, letter);
}

function square(pen, letter) {
  pen.beginPath();
  pen.rect(3, 3, 18, 18);
  pen.fillStyle = colour("map-halo");
  pen.fill();
  outline(pen, letter);
  pen.beginPath();
  pen.arc(12, 12, 3, 0, 7);
  pen.fillStyle = colour(COLOUR_OF[letter]);
  pen.fill();
}

function outline(pen, letter) {
  pen.lineWidth = letter === "x" ? 4 : 2.5;
  pen.setLineDash(letter === "?" ? [2.5, 2.5] : []);
  pen.strokeStyle = colour(COLOUR_OF[letter]);
  pen.stroke();
}

function hatch(pen, side) {
  pen.strokeStyle = colour("map-hatch");
  pen.lineWidth = 1.6;
  for (const shift of [-side, 0, side]) {
    pen.beginPath();
    pen.moveTo(shift - 2, side + 2);
    pen.lineTo(shift + side + 2, -2);
    pen.stroke();
  }
}

function dots(pen, side) {
  pen.fillStyle = colour("map-approximate");
  pen.beginPath();
  for (const at of [side / 4, (3 * side) / 4]) pen.arc(at, at, 1, 0, 7);
  pen.fill();
}
