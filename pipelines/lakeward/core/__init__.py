"""Settings, errors, clock, units and names, shared by all packages."""
