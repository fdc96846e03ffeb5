// A press on "Copy" puts the program beside it on the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const code = button?.closest("figure")?.querySelector("code");
  if (!code) return;
  try { await navigator.clipboard.writeText(code.textContent); }
  catch { // without https there is no clipboard: the old way, through a selection
    const range = document.createRange(), selection = getSelection();
    range.selectNodeContents(code); selection.removeAllRanges(); selection.addRange(range);
    document.execCommand("copy"); selection.removeAllRanges();
  }
  const before = button.textContent;
  button.textContent = button.dataset.copy;
  setTimeout(() => { button.textContent = before; }, 1500);
});
// On a small screen the result stands far below the button.
document.addEventListener("click", (event) => {
  if (innerWidth > 900 || !event.target.closest("#ag-evaluate-run")) return;
  setTimeout(() => document.querySelector("#ag-evaluate-status .running")?.scrollIntoView({block: "center"}), 700);
});
