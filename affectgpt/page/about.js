// Copies the citation beside the button; without a clipboard (no https) the text is selected instead.
document.addEventListener("click", async (event) => {
  const button = event.target.closest(".ag-copy-bibtex");
  if (!button) return;
  const text = button.closest("figure").querySelector("pre");
  try {
    await navigator.clipboard.writeText(text.textContent);
    const words = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 1600);
  } catch {
    getSelection().selectAllChildren(text);
  }
});
