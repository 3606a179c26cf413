"""The site: all lessons as pages that need no kernel, with the teaching pages and the helper's reference."""
