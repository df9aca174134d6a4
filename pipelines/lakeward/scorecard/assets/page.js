"use strict";
(() => {
  const root = document.documentElement;
  const { families } = JSON.parse(document.getElementById("families").textContent);
  const dialog = document.getElementById("evidence");
  const put = (id, text) => { document.getElementById(id).textContent = text; };

  function speak(lang) {
    root.lang = lang === "zh" ? "zh-CN" : "en";
    root.dataset.lang = lang;
    for (const button of document.querySelectorAll("[data-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.set === lang));
    }
  }

  // The place in the page and the language share the hash: #lang=en&at=quality
  function hashed() { return new URLSearchParams(location.hash.slice(1)); }

  function remember(changes) {
    const now = hashed();
    const kept = new URLSearchParams({ lang: root.dataset.lang });
    const at = changes.at || now.get("at");
    if (at) kept.set("at", at);
    history.replaceState(null, "", "#" + kept);
  }

  function open(button) {
    const at = button.closest("[data-k]");
    const name = button.closest("[data-q]").dataset.q;
    const family = families[name];
    const key = family.keys.length ? JSON.parse(at.dataset.k) : [];
    const quoted = (text) => "'" + text.replaceAll("'", "''") + "'";
    const named = family.keys.map((column, i) => `"${column}" = ${quoted(key[i])}`).join(" AND ");
    const id = [name, ...key, button.dataset.c].map(encodeURIComponent).join("/");
    put("sql", `SELECT "${button.dataset.c}" AS value FROM (\n${family.sql}\n) AS figures` + (named ? ` WHERE ${named}` : ""));
    put("versions", Object.entries(family.versions).map(([table, version]) => `${table}@${version}`).join("  "));
    put("command", `lakeward scorecard open '${id.replaceAll("'", "%27")}'`);
    const shown = [...button.querySelectorAll("[lang]")].find((word) => word.offsetParent !== null);
    put("value", button.dataset.v ? `${button.dataset.v} UTC` : shown ? shown.textContent : button.textContent);
    dialog.showModal();
  }

  function filter(text) {
    const list = document.querySelector(".list");
    list.classList.toggle("folded", text === "");
    for (const line of list.children) {
      line.hidden = !(line.dataset.name || line.textContent).includes(text.trim().toLowerCase());
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, nav a");
    if (!button) return;
    if (button.dataset.set) { speak(button.dataset.set); remember({}); }
    if (button.dataset.c) { event.preventDefault(); open(button); }
    if (button.id === "close") dialog.close();
    if (button.id === "all") { document.querySelector(".list").classList.toggle("folded"); }
    if (button.id === "copy") navigator.clipboard?.writeText(document.getElementById("sql").textContent);
    if (button.matches("nav a")) {
      event.preventDefault();
      const target = button.getAttribute("href").slice(1);
      document.getElementById(target).scrollIntoView({ behavior: "smooth" });
      remember({ at: target });
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.getElementById("filter")?.addEventListener("input", (event) => filter(event.target.value));
  window.addEventListener("beforeprint", () => document.querySelectorAll("#readiness details").forEach((d) => { d.open = true; }));

  const now = hashed();
  speak(now.get("lang") || (navigator.language.startsWith("zh") ? "zh" : "en"));
  if (now.get("at")) document.getElementById(now.get("at"))?.scrollIntoView();
})();
