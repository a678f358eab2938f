"""What crosses a boundary: typed, frozen records. This room imports nothing of ours."""
