// The file reads without this. With it, a number opens its own query; without it, a number leads to the query of its family.
"use strict";
(() => {
  const dialog = document.getElementById("evidence");
  const put = (id, text) => { document.getElementById(id).textContent = text; };
  const quoted = (text) => "'" + text.replace(/'/g, "''") + "'";

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.n[title]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !dialog.showModal) return;
    event.preventDefault();
    const key = link.title.split("/").map(decodeURIComponent);
    const place = document.getElementById("q-" + key.shift());
    const column = key.pop();
    const named = JSON.parse(place.dataset.keys).map((name, at) => `"${name}" = ${quoted(key[at])}`).join(" AND ");
    const time = link.querySelector("time");
    put("sql", `SELECT "${column}" AS value FROM (\n${place.querySelector("pre").textContent}\n) AS figures` + (named ? ` WHERE ${named}` : ""));
    put("versions", place.querySelector(".versions").textContent);
    put("command", `lakeward scorecard open '${link.title.replace(/'/g, "%27")}'`);
    put("value", time ? time.title : link.textContent);
    dialog.showModal();
  });
})();
