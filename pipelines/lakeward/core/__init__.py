"""Settings, errors, clock, units, names: what every other package stands on."""
