// An address with ?sample=NAME opens the EMER tab, once the page speaks the visitor's language; the server
// finds the sample.
if (new URLSearchParams(location.search).has("sample")) {
  const look = setInterval(() => {
    const tab = document.querySelector("#ag-tab_emer-button");
    if (!tab || !document.querySelector(".ag-notice")) return;
    clearInterval(look);
    tab.click();
  }, 100);
  setTimeout(() => clearInterval(look), 20000);
}
// In the list, arrows go from sample to sample. The list is drawn anew when one is chosen: who pressed a
// button of it finds the focus on the same one; on a small screen the sample comes into view.
const LISTS = "#ag-emer-list, #ag-emer-chips, #ag-emer-pager";
let pressedLast = null;
document.addEventListener("keydown", (event) => {
  const row = event.target.closest(".ag-emer-row");
  const step = {ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6}[event.key];
  if (!row || !step) return;
  const rows = [...row.closest("ul").querySelectorAll(".ag-emer-row")];
  rows[Math.min(Math.max(rows.indexOf(row) + step, 0), rows.length - 1)].focus();
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("#ag-emer button");
  pressedLast = button?.closest(LISTS) ? button : null;
  const goal = button?.dataset.sample ? "#ag-emer-read" : button?.id === "ag-emer-run" ? "#ag-emer-status" : "";
  if (goal && innerWidth < 900) setTimeout(() => document.querySelector(goal)?.scrollIntoView(), 500);
});
let scrolled = 0;  // of the list, which is drawn from its top
document.addEventListener("scroll", (event) => {
  if (event.target.matches?.(".ag-emer-list")) scrolled = event.target.scrollTop;
}, true);
function place(list) {
  const current = list.querySelector("[aria-current]");
  list.scrollTop = current ? scrolled : 0;
  const row = current?.getBoundingClientRect(), box = list.getBoundingClientRect();
  if (row && (row.top < box.top || row.bottom > box.bottom)) list.scrollTop += row.top - box.top - box.height / 3;
}
let shownList = null;
new MutationObserver(() => {
  const shown = document.querySelector(".ag-emer-list");
  if (shown && shown !== shownList) {
    shownList = shown;
    const watcher = new ResizeObserver(() => {  // at once, or when its tab is opened
      if (!shown.clientHeight) return;
      watcher.disconnect();
      place(shown);
    });
    watcher.observe(shown);
  }
  if (!pressedLast || pressedLast.isConnected || document.activeElement !== document.body) return;
  const {sample, label, turn} = pressedLast.dataset, first = pressedLast.matches(":first-child");
  pressedLast = null;
  const list = [...document.querySelectorAll(LISTS)].flatMap((part) => [...part.querySelectorAll("button")]);
  const same = turn !== undefined
    ? list.filter((x) => x.dataset.turn && !x.disabled).at(first ? 0 : -1)
    : list.find((x) => (sample ? x.dataset.sample === sample : x.dataset.label === label));
  same?.focus({preventScroll: true});
}).observe(document.body, {childList: true, subtree: true});
