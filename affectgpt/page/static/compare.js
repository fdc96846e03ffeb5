// On a small screen a press brings the progress of a comparison into view.
document.addEventListener("click", (event) => {
  if (innerWidth >= 900 || !event.target.closest("#ag-compare-run, [data-compare]")) return;
  setTimeout(() => document.querySelector("#ag-compare-status")?.scrollIntoView({behavior: "smooth"}), 700);
});
