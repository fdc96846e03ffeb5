// Sorting, filtering and paging of the table of samples; without this file's work the table stands whole.
"use strict";
(() => {
  const PAGE = 50;
  const table = document.getElementById("samples");
  if (!table) return;
  const bodies = [...table.tBodies];
  const heads = [...table.tHead.rows[0].cells];
  const tools = document.getElementById("tools");
  const filter = document.getElementById("filter");
  const choice = document.getElementById("sort");
  const shown = document.getElementById("shown");
  const more = document.getElementById("more");
  let order = bodies, limit = PAGE;

  // Everything that can be read of a sample, its texts too; made once.
  const words = new Map(bodies.map((body) => [body, body.textContent.toLowerCase()]));

  const show = () => {
    const asked = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = order.filter((body) => asked.every((word) => words.get(body).includes(word)));
    const visible = new Set(found.slice(0, limit));
    for (const body of bodies) body.hidden = !visible.has(body);
    const text = asked.length ? shown.dataset.filtered : shown.dataset.text;
    const counts = { shown: visible.size, found: found.length, all: bodies.length };
    shown.textContent = text.replace(/\{(\w+)\}/g, (_, key) => counts[key]);
    more.hidden = visible.size === found.length;
  };

  const value = (body, column) => {
    const cell = body.rows[0].cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
  };

  const sort = (column, falling) => {
    const numeric = heads[column].classList.contains("n");
    order = [...bodies].sort((one, two) => {
      const [x, y] = [value(one, column), value(two, column)];
      if (numeric && (x === "" || y === "")) return (x === "") - (y === ""); // undefined always last
      const difference = numeric ? Number(x) - Number(y) : x.localeCompare(y, undefined, { numeric: true });
      return falling ? -difference : difference;
    });
    table.append(...order);
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    choice.value = `${column} ${falling ? 1 : 0}`;
    show();
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(column, head.getAttribute("aria-sort") === "ascending"));
    head.replaceChildren(button);
  });
  filter.addEventListener("input", () => { limit = PAGE; show(); });
  choice.addEventListener("change", () => { const [column, falling] = choice.value.split(" ").map(Number); sort(column, falling === 1); });
  more.addEventListener("click", () => { limit += PAGE; show(); });
  tools.hidden = false;
  const first = heads.findIndex((head) => head.hasAttribute("aria-sort"));
  sort(first < 0 ? 0 : first, false);
})();
