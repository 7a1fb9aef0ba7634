// What a reader has unfolded stays so when the server's text comes anew.

// Which folds of `root` are open, by name.
export function foldsOf(root) {
  return new Map(Array.from(root.querySelectorAll("details[data-fold]"), (fold) => [fold.dataset.fold, fold.open]));
}

export function foldAs(known, root) {
  for (const fold of root.querySelectorAll("details[data-fold]")) {
    fold.open = known.get(fold.dataset.fold) ?? fold.open;
  }
}
