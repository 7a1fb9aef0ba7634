// Counts at the head of the page change at once; the tables come from the server, as often as the
// line can bear.
export function counts(statuses, data) {
  const format = new Intl.NumberFormat(`${data.lang}-IN-u-nu-latn`);
  const refresh = throttled(() => fetchTables(statuses, data.tables));
  statuses.addEventListener("change", () => {
    write(statuses.villages, format);
    refresh();
  });
}

function write(letters, format) {
  const found = { r: 0, d: 0, b: 0, "?": 0 };
  for (const letter of letters) found[letter] += 1;
  found.served = found.r + found.d;
  for (const place of document.querySelectorAll("[data-count]")) {
    place.textContent = format.format(found[place.dataset.count]);
  }
}

async function fetchTables(statuses, address) {
  const answer = await fetch(address);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["summary", "lists"]) document.getElementById(id).replaceWith(fresh.getElementById(id));
  statuses.dispatchEvent(new Event("connection")); // the light was replaced with the rest
}

// Calls `work` soon after the last request, and then not again for four times as long as it took.
function throttled(work) {
  let waiting = false;
  let notBefore = 0;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(async () => {
      const began = performance.now();
      waiting = false;
      await work().catch(() => {}); // the line is down: the next change asks again
      notBefore = performance.now() + 4 * (performance.now() - began);
    }, Math.max(500, notBefore - performance.now()));
  };
}
