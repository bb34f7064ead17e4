// What only the browser can do: see that the desk lives, keep the look, and take single keys.
"use strict";
(() => {
  const GONE_MS = 1500; // the desk beats every 400 ms
  let beatAt = performance.now(); // when the newest beat came
  let beatMs = null; // what time it was there

  const root = document.documentElement;
  const gone = () => root.dataset.gone === "true";

  function watch() {
    const lost = performance.now() - beatAt > GONE_MS;
    if (lost === gone()) return;
    root.dataset.gone = lost;
    document.getElementById("main")?.toggleAttribute("inert", lost);
    if (lost) document.dispatchEvent(new Event("rung-gone"));
  }
  setInterval(watch, 100);
  document.addEventListener("visibilitychange", watch);

  function look(place, value) {
    const found = /(?:^|; )rung_look=([^;]*)/.exec(document.cookie);
    const parts = (found ? found[1] : `${root.lang}.auto.usual.keys`).split(".");
    parts[place] = value;
    document.cookie = `rung_look=${parts.join(".")}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  }

  function beat(ms) {
    beatMs = ms;
    beatAt = performance.now();
    watch();
  }

  // What stands for a moment of this browser's: the newest beat before it, and how long after that it was. The desk
  // makes an age out of it that is never too small, however long the line took.
  const moment = (at) => ({ beat: beatMs, since: Math.round(at - beatAt) });

  const types = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys !== "true" || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (gone() || types(event.target)) return;
    const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  window.rung = { beat, look, moment, gone, types };
})();
