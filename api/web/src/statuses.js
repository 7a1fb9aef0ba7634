// Present letters of villages and sites (maps/letters.py says what they mean), kept up to date by
// the server's event stream. Events: "change" (detail: {villages, sites}, numbers of what changed,
// or null for everything) and "connection".
const RETRY_MS = 5000;
const VILLAGE_LETTERS = ["?", "r", "d", "b"]; // by the two lowest bits of the byte
const SITE_LETTERS = ["?", "u", "d", "x"];

export class Statuses extends EventTarget {
  constructor(area) {
    super();
    this.query = area ? `area=${encodeURIComponent(area)}&` : "";
    this.villages = [];
    this.sites = [];
    this.connected = false;
  }

  async follow() {
    await this.fetchAll();
    this.listen();
  }

  async fetchAll() {
    const answer = await fetch(this.address("map/status"));
    const told = (name) => answer.headers.get(`Pahunch-${name}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    // Another inventory has been loaded meanwhile: these numbers mean other places.
    if (this.order && this.order !== told("Order")) location.reload();
    const villages = Number(told("Villages"));
    this.villages = Array.from(bytes.subarray(0, villages), (byte) => VILLAGE_LETTERS[byte & 3]);
    this.sites = Array.from(bytes.subarray(villages), (byte) => SITE_LETTERS[byte & 3]);
    this.last = told("Last");
    this.order = told("Order");
    this.blind = told("Blind-Since");
  }

  // Of what the API has about this page's area.
  address(document, more = "") {
    return `/api/v1/${document}?${this.query}${more}`;
  }

  // Of what the server writes for this page's area: the drawing, the detail of a village or site.
  fragment(language, what) {
    return `/${language}/fragment/${what}?${this.query}order=${this.order}`;
  }

  listen() {
    const stream = new EventSource(this.address("events", `after=${this.last}&order=${this.order}`));
    stream.addEventListener("open", () => this.connection(true));
    stream.addEventListener("error", () => {
      this.connection(false);
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.again(), RETRY_MS);
    });
    stream.addEventListener("changes", (event) => this.take(JSON.parse(event.data)));
    stream.addEventListener("sight", (event) => this.see(JSON.parse(event.data)));
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
    for (const [number, letter] of villages) this.villages[number] = letter;
    for (const [number, letter] of sites) this.sites[number] = letter;
    this.tell({ villages: villages.map(([n]) => n), sites: sites.map(([n]) => n) });
  }

  // The collector has died or come back: then everything is unknown, or nothing for that reason.
  see({ blind_since: since }) {
    if (Boolean(since) !== Boolean(this.blind)) this.refresh();
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

const EDGES = [0.5, 0.75, 0.9, 0.97]; // as in maps/tally.py

// The shade of an area whose villages have these letters, as maps/tally.py reckons it.
export function shade(letters) {
  if (!letters.length) return "s-none";
  const count = (wanted) => letters.filter((letter) => letter === wanted).length;
  if (count("?") * 2 > letters.length) return "s-unknown";
  const share = (count("r") + count("d")) / letters.length;
  return `s${EDGES.filter((edge) => share >= edge).length}`;
}
