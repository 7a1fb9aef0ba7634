// Present letters of villages and sites (maps/letters.py says what they mean), kept up to date by
// the server's event stream. Events: "change" (detail: {villages, sites}, numbers of what changed,
// or null for everything) and "connection".
const RETRY_MS = 5000;

export class Statuses extends EventTarget {
  constructor(area) {
    super();
    this.query = area ? `?area=${encodeURIComponent(area)}` : "";
    this.villages = [];
    this.layers = [];
    this.sites = [];
    this.connected = false;
  }

  async follow() {
    await this.fetchAll();
    this.listen();
  }

  async fetchAll() {
    const answer = await (await fetch(`/api/v1/map/status${this.query}`)).json();
    this.villages = [...answer.villages];
    this.layers = [...answer.layers];
    this.sites = [...answer.sites];
    this.id = answer.id;
    this.geometry = answer.geometry;
  }

  // Where the geometry that these numbers belong to is to be had, and kept for good.
  address(document) {
    return `/api/v1/map/${document}${this.query}${this.query ? "&" : "?"}v=${this.geometry}`;
  }

  // Where the detail of the village or site of that number is to be had.
  fragment(language, kind, number) {
    return `/${language}/fragment/${kind}/${number}${this.query}${this.query ? "&" : "?"}geometry=${this.geometry}`;
  }

  listen() {
    const joint = this.query ? "&" : "?";
    const stream = new EventSource(`/api/v1/events${this.query}${joint}after=${this.id}`);
    stream.addEventListener("open", () => this.connection(true));
    stream.addEventListener("error", () => {
      this.connection(false);
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.again(), RETRY_MS);
    });
    stream.addEventListener("changes", (event) => this.take(JSON.parse(event.data)));
    stream.addEventListener("reset", () => this.refresh());
  }

  // The stream has given up, for instance because the server said no: begin anew.
  async again() {
    try {
      await this.refresh();
      this.listen();
    } catch {
      setTimeout(() => this.again(), RETRY_MS);
    }
  }

  async refresh() {
    await this.fetchAll();
    this.tell(null);
  }

  take({ villages, sites }) {
    for (const [number, letter, layer] of villages) {
      this.villages[number] = letter;
      this.layers[number] = layer;
    }
    for (const [number, letter] of sites) this.sites[number] = letter;
    this.tell({ villages: villages.map(([n]) => n), sites: sites.map(([n]) => n) });
  }

  tell(detail) {
    this.dispatchEvent(new CustomEvent("change", { detail }));
  }

  connection(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.dispatchEvent(new Event("connection"));
  }
}

// Letters by number of the part that a village lies in; part[n] is -1 where it lies in none.
export function byPart(letters, part, parts) {
  const piles = Array.from({ length: parts }, () => ({ r: 0, d: 0, b: 0, "?": 0 }));
  letters.forEach((letter, n) => part[n] >= 0 && (piles[part[n]][letter] += 1));
  return piles;
}

const EDGES = [0.5, 0.75, 0.9, 0.97]; // as in maps/tally.py

// The shade of a part of the map, as maps/tally.py reckons it.
export function shade(pile) {
  const total = pile.r + pile.d + pile.b + pile["?"];
  if (!total) return "s-none";
  if (pile["?"] * 2 > total) return "s-unknown";
  const share = (pile.r + pile.d) / total;
  return `s${EDGES.filter((edge) => share >= edge).length}`;
}
