// What only the browser can do: see that the desk lives, keep the look, and take single keys.
"use strict";
(() => {
  const GONE_MS = 1500; // the desk beats every 400 ms
  let beatAt = performance.now(); // when the newest beat came
  let beatMs = null; // what time it was there
  let focused = null; // what had the keyboard when the desk was gone, and has it once it is back

  const root = document.documentElement;
  const gone = () => root.dataset.gone === "true";

  function watch() {
    const lost = performance.now() - beatAt > GONE_MS;
    if (lost === gone()) return;
    if (lost) focused = document.activeElement;
    root.dataset.gone = lost;
    document.getElementById("main")?.toggleAttribute("inert", lost);
    if (lost) document.dispatchEvent(new Event("rung-gone"));
    else focused?.focus(); // a word that is half typed would else go on as single keys
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

  // A small page that stays above other windows, where the browser can do that; else a small window.
  async function small() {
    const size = { width: 420, height: 300 };
    if (!window.documentPictureInPicture) {
      window.open("/", "rung-small", `popup,width=${size.width},height=${size.height}`);
      return;
    }
    const above = await documentPictureInPicture.requestWindow(size);
    above.document.title = document.title;
    above.document.documentElement.lang = root.lang;
    const frame = above.document.createElement("iframe");
    frame.src = "/";
    frame.title = document.title;
    frame.style.cssText = "position:fixed;inset:0;width:100%;height:100%;border:0";
    frame.onload = () => frame.contentWindow.focus(); // its keys act at once
    above.document.body.append(frame);
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

  function focus(element) {
    if (gone()) focused = element;
    else element.focus();
  }

  // The fields of a form by name; then it is empty, and what it stood in is closed again.
  function sent(event) {
    event.preventDefault();
    const found = Object.fromEntries(new FormData(event.target));
    event.target.reset();
    const around = event.target.closest("details.asks");
    if (around) {
      around.open = false;
      focus(around.querySelector("summary"));
    }
    return found;
  }
  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches("details.asks")) focus(event.target.querySelector("input"));
  }, true);
  // What is open is closed again: by Escape the one that has the focus before any other, the menu by a press elsewhere.
  const OPEN = "details.asks[open], details.menu[open]";
  document.addEventListener("pointerdown", (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && (document.activeElement.closest(OPEN) ?? document.querySelector(OPEN));
    if (!open) return;
    open.open = false;
    focus(open.querySelector("summary"));
  });

  // A clock that counts by itself, from what the desk said and when. It stands still as long as no beat has come.
  class Clock extends HTMLElement {
    static observedAttributes = ["ms", "at", "run", "hidden"];
    constructor() {
      super();
      this.attachShadow({ mode: "open" }).innerHTML =
        '<style>:host{font-variant-numeric:tabular-nums}:host([hidden]){display:none}[part=bar]{display:block;height:.5rem;' +
        'border:1px solid currentColor;border-radius:.3rem;overflow:hidden}[part=bar] i{display:block;height:100%;' +
        'background:currentColor}[part=bar][hidden]{display:none}</style><span part="text"></span><span part="bar"><i></i></span>';
    }
    connectedCallback() { clocks.add(this); this.tick(); }
    disconnectedCallback() { clocks.delete(this); }
    attributeChangedCallback(name) { if (name === "ms" || name === "at") this.tick(); }
    tick() {
      const ms = Number(this.getAttribute("ms")), run = Number(this.getAttribute("run"));
      const passed = beatMs === null ? 0 : beatMs + performance.now() - beatAt - Number(this.getAttribute("at"));
      const now = Math.max(0, ms + run * Math.max(0, passed));
      const [text, bar] = this.shadowRoot.querySelectorAll("[part]");
      const short = this.hasAttribute("bar");
      const whole = run < 0 ? Math.ceil(now / 1000) : Math.floor(now / 1000);
      const shown = short ? (whole ? `${whole} s` : "") : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
      const label = this.getAttribute("label");
      const all = label ? `${label} ${shown}` : shown;
      if (text.textContent !== all) text.textContent = shown ? all : "";
      bar.hidden = !short || !now;
      bar.firstElementChild.style.width = `${ms ? Math.min(100, 100 * now / ms) : 0}%`;
    }
  }
  const clocks = new Set();
  customElements.define("rung-clock", Clock);
  setInterval(() => { if (!gone()) clocks.forEach((clock) => clock.tick()); }, 100);

  window.rung = { beat, look, moment, gone, types, sent, small };
})();
