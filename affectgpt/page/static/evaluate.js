// On a small screen the result stands far below the button.
document.addEventListener("click", (event) => {
  if (innerWidth > 900 || !event.target.closest("#ag-evaluate-run")) return;
  setTimeout(() => document.querySelector("#ag-evaluate-status .running")?.scrollIntoView({block: "center"}), 700);
});
