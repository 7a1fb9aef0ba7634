// The detail of one village or site beside the map, as the server writes it.
import { charts } from "./charts.js";
import { foldAs, foldsOf } from "./folds.js";

export function panel(statuses, data) {
  const box = document.getElementById("panel");
  const body = document.getElementById("panel-body");
  let shown = null;
  let drawn = null; // what `body` is about

  async function load(wanted) {
    const answer = await fetch(statuses.fragment(data.lang, `${wanted.kind}/${wanted.number}`));
    if (answer.status === 404) return location.reload(); // another inventory has been loaded meanwhile
    if (!answer.ok || shown !== wanted) return;
    const text = await answer.text();
    const folds = drawn === wanted ? foldsOf(body) : new Map();
    body.innerHTML = text;
    foldAs(folds, body);
    drawn = wanted;
    charts(box, data);
  }

  document.getElementById("panel-close").addEventListener("click", () => {
    shown = null;
    box.hidden = true;
  });
  statuses.addEventListener("change", ({ detail }) => {
    if (shown && touches(detail, shown)) load(shown).catch(() => {}); // the next change asks again
  });
  return async (kind, number) => {
    shown = { kind, number };
    await load(shown);
    box.hidden = false;
    box.querySelector("h2").focus();
  };
}

function touches(changed, { kind, number }) {
  return !changed || changed[kind === "village" ? "villages" : "sites"].includes(number);
}
