// The map's marks, drawn once: a shape for each status beside its colour, as in the legend.
const RATIO = 2;
const SIDE = 24;

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const STATUS_OF = { u: "r", d: "d", x: "b", "?": "?" };
const COLOUR_OF = { r: "ready", d: "degraded", b: "blocked", "?": "unknown" };

// Name of the image for a site of that kind ("g", "b", "d", "n", "k") and status letter.
export function iconFor(kind, letter) {
  const shape = kind === "g" ? "g" : kind === "k" ? "k" : "h";
  return `${shape}${STATUS_OF[letter]}`;
}

export function addSymbols(map) {
  const marks = { v: village, g: ring, k: diamond, h: square };
  for (const [prefix, draw] of Object.entries(marks)) {
    for (const letter of Object.keys(COLOUR_OF)) {
      map.addImage(`${prefix}${letter}`, image((pen) => draw(pen, letter)), { pixelRatio: RATIO });
    }
  }
  map.addImage("hatch", image(hatch, 12), { pixelRatio: RATIO });
}

function image(draw, side = SIDE) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.scale(RATIO, RATIO);
  draw(pen, side);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function village(pen, letter) {
  pen.beginPath();
  if (letter === "b") pen.rect(4.5, 4.5, 15, 15);
  else if (letter === "d") polygon(pen, [[12, 3], [21.5, 20], [2.5, 20]]);
  else pen.arc(12, 12, letter === "r" ? 7 : 6, 0, 7);
  pen.fillStyle = letter === "?" ? colour("map-halo") : colour(COLOUR_OF[letter]);
  pen.fill();
  pen.lineWidth = letter === "?" ? 3 : 1.8;
  pen.strokeStyle = letter === "?" ? colour("unknown") : colour("map-halo");
  pen.stroke();
}

function polygon(pen, corners) {
  corners.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

function ring(pen, letter) {
  pen.beginPath();
  pen.arc(12, 12, 10.5, 0, 7);
  outline(pen, letter);
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
  pen.lineWidth = letter === "b" ? 4 : 2.5;
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
