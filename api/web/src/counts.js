// Counts at the head of the page change at once; the tables come from the server, as often as the
// line can bear.
import { foldAs, foldsOf } from "./folds.js";
import { throttled } from "./throttled.js";

export function counts(statuses, data) {
  const format = new Intl.NumberFormat(`${data.lang}-IN-u-nu-latn`);
  const refresh = throttled(() => fetchTables(statuses, data.tables));
  statuses.addEventListener("change", () => {
    write(statuses, format);
    refresh();
  });
}

function write({ villages, sites }, format) {
  const found = {};
  const add = (name) => (found[name] = (found[name] ?? 0) + 1);
  villages.forEach(add);
  sites.forEach((letter) => add(`site-${letter}`));
  found.served = (found.r ?? 0) + (found.d ?? 0);
  for (const place of document.querySelectorAll("[data-count]")) {
    place.textContent = format.format(found[place.dataset.count] ?? 0);
  }
}

async function fetchTables(statuses, address) {
  const answer = await fetch(address);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["summary", "lists"]) {
    const [old, replacement] = [document, fresh].map((page) => page.getElementById(id));
    foldAs(foldsOf(old), replacement);
    old.replaceWith(replacement);
  }
  statuses.dispatchEvent(new Event("connection")); // the light was replaced with the rest
}
