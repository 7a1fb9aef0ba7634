// Calls `work` soon after the last request, and then not again for four times as long as it took.
export function throttled(work) {
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
    }, Math.max(1000, notBefore - performance.now()));
  };
}
