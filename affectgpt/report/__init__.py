"""One evaluation as one self-contained page, in English or Chinese."""
