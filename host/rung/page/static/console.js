// What only the browser can do for the console: time since, the alarm's sound, and the keys of the card in focus.
"use strict";
(() => {
  const ROUND_MS = 1600; // between two rounds of an alarm
  // Two voices, one rising and one falling, so that an alarm is told from an ask without seeing.
  const ALARM = [[880, 0], [660, 0.22], [880, 0.44], [660, 0.66]];
  const ASK = [[523, 0], [659, 0.16]];
  let audio = null;
  const played = []; // which sounds, for whoever asks
  let asks = "0", alarmed = 0;

  // -- time since --------------------------------------------------------------------------------------------------
  function clock() {
    const at = rung.moment(performance.now());
    return at.beat === null ? null : at.beat + at.since;
  }
  function spell(ms) {
    const s = Math.max(0, Math.floor(ms / 1000)), pad = (n) => String(n).padStart(2, "0");
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
  }
  function tell() {
    const now = clock();
    if (now === null) return;
    for (const each of document.querySelectorAll("[data-since]")) {
      const text = spell(now - Number(each.dataset.since));
      if (each.textContent !== text) each.textContent = text;
    }
  }
  setInterval(tell, 250);

  // -- sound, made here ----------------------------------------------------------------------------------------------
  function play(notes, kind, loud) {
    if (!audio || audio.state !== "running") return;
    for (const [hz, after] of notes) {
      const tone = audio.createOscillator(), gain = audio.createGain(), at = audio.currentTime + after;
      tone.frequency.value = hz;
      tone.type = "triangle";
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(loud, at + 0.02);
      gain.gain.setTargetAtTime(0, at + 0.14, 0.03);
      tone.connect(gain).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.35);
    }
    played.push(kind);
    if (played.length > 50) played.shift();
  }
  async function sound(on) {
    const button = document.getElementById("sound");
    if (on) {
      audio = audio || new AudioContext();
      await audio.resume();
    } else if (audio) await audio.suspend();
    localStorage.setItem("rung.sound", on ? "on" : "off");
    const runs = Boolean(audio && audio.state === "running");
    button.setAttribute("aria-pressed", runs);
    button.textContent = runs ? button.dataset.on : button.dataset.off;
    if (runs) listen();
  }
  // A browser lets nothing sound before somebody has pressed something on the page: the first press turns it on again.
  document.addEventListener("pointerdown", first, { capture: true });
  document.addEventListener("keydown", first, { capture: true });
  function first(event) {
    document.removeEventListener("pointerdown", first, { capture: true });
    document.removeEventListener("keydown", first, { capture: true });
    const wanted = localStorage.getItem("rung.sound") !== "off";
    if (wanted && !(event.target.closest && event.target.closest("#sound"))) sound(true);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#sound");
    if (button) sound(button.getAttribute("aria-pressed") !== "true");
  });

  function listen() {
    const line = document.getElementById("alarm");
    if (!line) return;
    const kind = line.dataset.alarm || "";
    const title = document.title.replace(/^⚠ /, "");
    document.title = kind ? `⚠ ${title}` : title;
    if (rung.gone()) return;
    if (kind && performance.now() - alarmed > ROUND_MS) {
      alarmed = performance.now();
      play(ALARM, kind, kind === "panic" ? 0.5 : 0.3);
    }
    const newest = line.dataset.asks || "0";
    if (newest !== asks && Number(newest) > Number(asks) && !kind) play(ASK, "ask", 0.2);
    asks = newest;
  }
  setInterval(listen, 200);

  // -- keys ------------------------------------------------------------------------------------------------------------
  // Once the card in focus is over, the focus goes to the queue's head, not to the next ask: no second press answers that.
  let card = null;
  document.addEventListener("focusin", (event) => { card = event.target.closest("[data-card]"); });
  setInterval(() => {
    if (!card || card.isConnected) return;
    card = null;
    if (document.activeElement === document.body) document.getElementById("queue-title")?.focus();
  }, 100);
  function nextAsk() {
    document.querySelector("[data-card]")?.focus();
  }
  document.addEventListener("keydown", (event) => {
    if (document.documentElement.dataset.keys !== "true" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.repeat || rung.gone() || rung.types(event.target)) return;
    const card = document.activeElement && document.activeElement.closest("[data-card]");
    const button = card && card.querySelector(`[data-answer="${CSS.escape(event.key)}"]:not([disabled])`);
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    button.click();
  }, { capture: true });

  Object.assign(window.rung, { nextAsk, sound, played: () => [...played] });
})();
