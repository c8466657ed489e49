"use strict";
// The page of `dnabilstm browse`: igv.js draws the tracks, this is what lies around it.
(async function () {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const MOST_FOUND = 20;
  let browser, names, shownRows = [], current = null;
  let sorted = { column: null, up: true };

  // A contig goes by another name in igv.js; see dnabilstm/browse/page_names.py.
  function trackName(contig) {
    const encoded = encodeURIComponent(contig).replaceAll("'", "%27").replaceAll("%7C", "|");
    return contig.toLowerCase() === "all"
      ? `%${contig.charCodeAt(0).toString(16)}${contig.slice(1)}` : encoded;
  }

  function contigName(name) {
    try {
      return decodeURIComponent(name);
    } catch {
      return name;
    }
  }

  // Places are 1-based and closed where they are text, as everywhere in genome browsers.
  function parsePlace(text) {
    const parts = /^(.+):([\d,]+)(?:(?:-|\.\.)([\d,]+))?$/.exec(text.trim());
    if (!parts) return null;
    const [start, end] = [parts[2], parts[3] || parts[2]].map((word) => Number(word.replaceAll(",", "")));
    return { contig: parts[1], start, end };
  }

  const say = (text) => { byId("status").textContent = text; };

  async function show(track, start, end) {
    const found = await browser.search(`${track}:${Math.max(1, Math.round(start))}-${Math.round(end)}`);
    if (found === false) say(`${contigName(track)}: no such contig`);
    return found;
  }

  function around(track, start, end) {
    const flank = Math.max(1000, 2 * (end - start));
    return show(track, start + 1 - flank, end + flank);
  }

  // What igv.js shows, to a whole base.
  function place() {
    const parts = /^(.+):([\d.]+)-([\d.]+)$/.exec([browser.currentLoci()].flat()[0]);
    if (!parts) return null;
    const [start, end] = [Math.floor(parts[2]), Math.round(parts[3])];
    return { contig: parts[1], start, end, width: end - start + 1 };
  }

  function move(how) {
    const at = place();
    if (!at) return;
    const step = { left: -0.5, right: 0.5, in: 0, out: 0 }[how] * at.width;
    const width = Math.max(40, at.width * ({ in: 0.5, out: 2 }[how] || 1));
    const start = Math.max(1, (at.start + at.end - width) / 2 + step);
    show(at.contig, start, start + width - 1);
  }

  function tell() {
    const at = place();
    if (!at) return;
    byId("place").value = `${contigName(at.contig)}:${at.start.toLocaleString("en")}-${at.end.toLocaleString("en")}`;
    byId("contig").value = at.contig;
    say(`${at.width.toLocaleString("en")} bases of ${contigName(at.contig)}`);
  }

  function toggleLabels() {
    const button = byId("labels");
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    browser.setTrackLabelVisibility(on);
  }

  // Name, contig, start and end, a line each; fetched when something is looked for by name.
  async function allNames() {
    if (names === undefined) {
      const text = data.names ?? await (await fetch(data.namesURL)).text();
      names = { lines: `\n${text}`, lower: `\n${text.toLowerCase()}` };
      // Some letters change their number when they change case.
      if (names.lower.length !== names.lines.length) names.lower = names.lines;
    }
    return names;
  }

  function lineAt(index) {
    return names.lines.slice(index + 1, names.lines.indexOf("\n", index + 1)).split("\t");
  }

  async function search(text) {
    const wanted = text.trim();
    if (!wanted) return;
    const at = parsePlace(wanted);
    if (at && await browser.search(`${trackName(at.contig)}:${at.start}-${Math.max(at.end, at.start + 40)}`) !== false) return;
    const { lower } = await allNames();
    const key = wanted.toLowerCase();
    const found = [`\n${key}\t`, `\n${key}`].map((sign) => lower.indexOf(sign)).find((index) => index >= 0);
    const contig = data.contigs.find((row) => row[0].toLowerCase() === key);
    if (contig) return show(contig[1], 1, contig[2]);
    if (found !== undefined) {
      const [name, track, start, end] = lineAt(found);
      await around(track, Number(start), Number(end));
      return say(`${name}: ${byId("place").value}`);
    }
    if (await browser.search(trackName(wanted)) === false) say(`${wanted}: not found, neither as a place nor as a name`);
  }

  async function suggest() {
    const key = byId("place").value.trim().toLowerCase();
    if (key.length < 2 || parsePlace(key)) return;
    const { lower } = await allNames();
    const found = [];
    for (let at = lower.indexOf(`\n${key}`); at >= 0 && found.length < MOST_FOUND; at = lower.indexOf(`\n${key}`, at + 1)) {
      found.push(new Option(lineAt(at)[0]));
    }
    byId("found").replaceChildren(...found);
  }

  const COLUMNS = [
    { title: "Kind", of: (row) => row.kind },
    { title: "Track", of: (row) => row.channel, long: true },
    { title: "Place", of: (row) => row.order, text: (row) => `${row.contig}:${(row.start + 1).toLocaleString("en")}-${row.end.toLocaleString("en")}` },
    { title: "Score", of: (row) => row.score, text: (row) => row.score?.toFixed(3) ?? "none", number: true },
    { title: "Disagreement", of: (row) => row.disagreement, text: (row) => row.disagreement?.toFixed(3) ?? "", number: true },
    { title: "Part", of: (row) => (row.test ? "test" : "") },
    { title: "Length", of: (row) => row.end - row.start, number: true },
    { title: "Name", of: (row) => row.name, long: true },
  ];

  function cell(column, row) {
    const made = document.createElement("td");
    const text = String(column.text ? column.text(row) : column.of(row));
    made.className = [column.number && "number", column.long && "long"].filter(Boolean).join(" ");
    if (column.title === "Place") {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      made.append(button);
    } else if (column.title === "Part" && row.test) {
      const badge = document.createElement("span");
      badge.className = "test";
      badge.textContent = text;
      made.append(badge);
    } else {
      made.textContent = text;
    }
    if (column.long || column.title === "Place") made.title = text;
    return made;
  }

  function drawRows() {
    const kind = byId("kind").value;
    const wanted = byId("filter").value.trim().toLowerCase();
    shownRows = data.rows.filter((row) => (!kind || row.kind === kind) && row.text.includes(wanted));
    if (sorted.column) {
      const { of } = sorted.column;
      const none = (value) => value === null || value === undefined;
      shownRows.sort((a, b) => {
        const [x, y] = [of(a), of(b)];
        if (none(x) || none(y)) return none(x) - none(y);
        return (x < y ? -1 : x > y ? 1 : 0) * (sorted.up ? 1 : -1);
      });
    }
    byId("rows").replaceChildren(...shownRows.map((row) => row.element));
    byId("count").textContent = `${shownRows.length} of ${data.rows.length}`;
  }

  function choose(row) {
    if (!row) return;
    current?.element.removeAttribute("aria-current");
    row.element.setAttribute("aria-current", "true");
    row.element.scrollIntoView({ block: "nearest" });
    current = row;
    around(row.track, row.start, row.end);
  }

  function step(by) {
    const at = shownRows.indexOf(current);
    const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), shownRows.length - 1);
    choose(shownRows[next]);
    shownRows[next]?.element.querySelector("button").focus({ preventScroll: true });
  }

  function buildTable() {
    data.rows = data.rows.map((row) => Object.fromEntries(data.columns.map((name, index) => [name, row[index]])));
    for (const row of data.rows) {
      row.element = document.createElement("tr");
      row.element.append(...COLUMNS.map((column) => cell(column, row)));
      row.element.addEventListener("click", () => choose(row));
      row.text = [...row.element.cells].map((made) => made.textContent).join(" ").toLowerCase();
    }
    for (const column of COLUMNS) {
      const head = document.createElement("th");
      const button = document.createElement("button");
      head.scope = "col";
      if (column.number) head.className = "number";
      button.type = "button";
      button.textContent = column.title;
      button.addEventListener("click", () => {
        sorted = { column, up: sorted.column === column ? !sorted.up : !column.number };
        for (const other of byId("columns").cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
        drawRows();
      });
      head.append(button);
      byId("columns").append(head);
    }
    const kinds = [...new Set(data.rows.map((row) => row.kind))];
    byId("kind").append(new Option("all", ""), ...kinds.map((kind) => new Option(kind)));
    byId("kind").addEventListener("change", drawRows);
    byId("filter").addEventListener("input", drawRows);
    drawRows();
  }

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
    byId("theme").setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
  }

  // A page that is opened from disk may have no storage.
  function stored(theme) {
    try {
      if (theme) localStorage.setItem("theme", theme);
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  }

  const KEYS = {
    "/": () => byId("place").select(), ArrowLeft: () => move("left"), ArrowRight: () => move("right"),
    "+": () => move("in"), "=": () => move("in"), "-": () => move("out"), n: () => step(1), p: () => step(-1), l: toggleLabels,
  };

  function listen() {
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      search(byId("place").value);
    });
    byId("place").addEventListener("input", suggest);
    byId("place").addEventListener("keydown", (event) => {
      if (event.key === "Escape") { tell(); byId("place").blur(); }
    });
    byId("contig").append(...data.contigs.map((row) => new Option(row[0] + (row[3] ? " (test)" : ""), row[1])));
    byId("contig").addEventListener("change", () => {
      const row = data.contigs[byId("contig").selectedIndex];
      show(row[1], 1, row[2]);
    });
    for (const button of document.querySelectorAll("[data-move]")) {
      button.addEventListener("click", () => move(button.dataset.move));
    }
    byId("labels").addEventListener("click", toggleLabels);
    document.addEventListener("keydown", (event) => {
      const typing = event.composedPath()[0].closest?.("input, select, textarea");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
      event.preventDefault();
      KEYS[event.key]();
    });
  }

  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(stored() || (dark ? "dark" : "light"));
  byId("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    setTheme(theme);
    stored(theme);
  });
  buildTable();
  try {
    browser = await igv.createBrowser(byId("igv"), {
      loadDefaultGenomes: false, queryParametersSupported: false, showNavigation: false, showIdeogram: false,
      reference: data.reference, locus: data.locus, tracks: data.tracks,
    });
  } catch (error) {
    // Of a page that is opened from disk a browser lets no script read the files beside it.
    const why = location.protocol === "file:" && data.namesURL
      ? "serve the folder: dnabilstm browse --serve --output FOLDER" : error.message ?? error;
    say(`The tracks cannot be loaded: ${why}`);
    return;
  }
  listen();
  browser.on("locuschange", tell);
  tell();
})();
