"""The tab that asks two engines or settings about one clip."""
