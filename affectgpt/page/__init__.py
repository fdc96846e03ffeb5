"""What the page shows: layout, drawings, texts in two languages, files to and from the browser."""
