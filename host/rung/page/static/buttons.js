// The three buttons on the screen: the gestures of the box, read from pointer and keyboard. A press belongs to the call of its
// first edge; a change of call, a lamp that goes out or a bridge that is gone cancels a hold in progress, visibly.
"use strict";
(() => {
  const CHORD_MS = 150; // escalate and warn going down within it are one chord
  const TAP_MS = { escalate: 2000, warn: 1000, release: 700 };
  const RELEASE_MIN_MS = 1500, RELEASE_MAX_MS = 5000;
  const REFUSED_MS = 1200;
  const PARTNER = { escalate: "warn", warn: "escalate" };
  const held = {}; // by button: since when, on which call, and whether it has nothing more to say
  const taps = {}; // by button: a tap that may still become half of a chord

  const tile = (name) => document.querySelector(`[data-button="${name}"]`);
  const row = () => document.querySelector(".buttons");
  const drawn = () => row()?.dataset.box === "true";
  const epoch = (name) => Number(tile(name)?.dataset.epoch ?? 0);
  const tell = (type, detail) => row()?.dispatchEvent(new CustomEvent(type, { detail }));
  const send = (buttons, gesture, of, at) => tell("rungpress", { buttons, gesture, epoch: of, ...rung.moment(at) });

  function refuse(name) {
    tile(name)?.classList.add("not-sent");
    setTimeout(() => tile(name)?.classList.remove("not-sent"), REFUSED_MS);
  }

  function fills(name, ms) {
    const bar = tile(name)?.querySelector(".hold");
    if (!bar) return;
    bar.style.transition = "none";
    bar.style.width = "0";
    if (!ms) return;
    bar.offsetWidth; // the browser shall see the empty bar first
    bar.style.transition = `width ${ms}ms linear`;
    bar.style.width = "100%";
  }

  function down(name, now) {
    if (held[name] || rung.gone()) return;
    if (drawn()) {
      held[name] = { since: now, spent: true };
      tell("rungdown", { button: name });
      return;
    }
    const other = PARTNER[name];
    const near = held[other] && !held[other].spent ? held[other] : taps[other];
    if (near && now - near.since <= CHORD_MS) {
      clearTimeout(near.timer);
      if (held[other]) cancel(other, false);
      delete taps[other];
      held[name] = { since: now, spent: true };
      send(["escalate", "warn"], "chord", near.epoch, now);
      return;
    }
    const press = (held[name] = { since: now, epoch: epoch(name), spent: false });
    fills(name, name === "release" ? RELEASE_MIN_MS : TAP_MS[name]);
    if (name === "release") press.timer = setTimeout(() => cancel(name, true), RELEASE_MAX_MS); // a cup on the button
    else press.timer = setTimeout(() => { cancel(name, false); HELD[name](press); }, TAP_MS[name]);
  }

  // Once held for long enough. On a busy computer the letting go may come before the timer that was due: then by that.
  const HELD = {
    escalate: (press) => send(["escalate"], "hold", press.epoch, press.since + TAP_MS.escalate),
    warn: () => document.querySelector(".chips .common")?.focus(), // the grounds are on the page: the keyboard goes there
  };

  function cancel(name, visibly) {
    const press = held[name];
    if (!press || press.spent) return;
    clearTimeout(press.timer);
    press.spent = true;
    fills(name, 0);
    if (visibly) refuse(name);
  }

  function up(name, now) {
    const press = held[name];
    if (!press) return;
    delete held[name];
    if (drawn()) return tell("rungup", { button: name });
    clearTimeout(press.timer);
    fills(name, 0);
    if (press.spent) return;
    const ms = now - press.since;
    if (ms < TAP_MS[name]) tap(name, press, now);
    else if (HELD[name]) HELD[name](press);
    else if (ms >= RELEASE_MIN_MS && !press.noHold) send([name], "hold", press.epoch, now);
    else refuse(name);
  }

  // A tap waits until no chord can come of it; its age counts from the letting go all the same.
  function tap(name, press, now) {
    const left = PARTNER[name] ? CHORD_MS - (now - press.since) : 0;
    if (left <= 0) return send([name], "tap", press.epoch, now);
    taps[name] = { ...press, timer: setTimeout(() => { delete taps[name]; send([name], "tap", press.epoch, now); }, left) };
  }

  // A hold that is cancelled on the box is cancelled here too; escalate goes on, since panic needs no call.
  function changed(name, lamp) {
    const press = held[name];
    if (!press || press.spent || name === "escalate") return;
    const out = ["lit", "breathing"].includes(lamp) && tile(name).dataset.lamp === "off";
    if (epoch(name) !== press.epoch || (out && performance.now() - press.since >= TAP_MS[name])) cancel(name, true);
    else if (out) press.noHold = true; // what is let go while it is still a tap does count: the desk judges it
  }

  const nameOf = (event) => event.target.closest?.("[data-button]")?.dataset.button;
  const byKey = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return null;
    const focused = nameOf(event);
    if (focused && (event.key === " " || event.key === "Enter")) return focused;
    if (document.documentElement.dataset.keys !== "true" || rung.types(event.target)) return null;
    return document.querySelector(`[data-press="${CSS.escape(event.key)}"]`)?.dataset.button ?? null;
  };
  const pointers = {}; // which button each finger holds

  document.addEventListener("pointerdown", (event) => {
    const name = event.button === 0 && nameOf(event);
    if (!name) return;
    pointers[event.pointerId] = name;
    down(name, performance.now());
  });
  document.addEventListener("pointerup", (event) => {
    const name = pointers[event.pointerId];
    delete pointers[event.pointerId];
    if (name) up(name, performance.now());
  });
  document.addEventListener("pointercancel", (event) => lost(pointers[event.pointerId]));
  document.addEventListener("keydown", (event) => {
    const name = byKey(event);
    if (!name) return;
    event.preventDefault();
    if (!event.repeat) down(name, performance.now());
  });
  document.addEventListener("keyup", (event) => {
    const name = byKey(event);
    if (!name) return;
    event.preventDefault();
    up(name, performance.now());
  });
  document.addEventListener("contextmenu", (event) => { if (nameOf(event)) event.preventDefault(); });

  // Where the letting go cannot be seen, nothing was meant.
  function lost(name) {
    if (!name || !held[name]) return;
    cancel(name, true);
    delete held[name];
    if (drawn()) tell("rungup", { button: name });
  }
  const all = () => Object.keys(held).forEach(lost);
  window.addEventListener("blur", all);
  document.addEventListener("rung-gone", all);

  new MutationObserver((changes) => changes.forEach((change) => {
    const name = change.target.dataset.button;
    if (name) changed(name, change.attributeName === "data-lamp" ? change.oldValue : "");
  })).observe(document, {
    subtree: true, attributes: true, attributeOldValue: true, attributeFilter: ["data-epoch", "data-lamp"],
  });

  rung.pixels = (colours) => Object.keys(TAP_MS).forEach((name, index) => {
    tile(name)?.style.setProperty("--pixel", colours[index] ?? "transparent");
  });
})();
