"""Runs, stores and publishes the notebooks. Nothing here is imported by a lesson."""
