"""Templates of the files of a new plugin; `${...}` is filled in by `write_skeleton`."""
