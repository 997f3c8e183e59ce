"""What a row of results goes through: value, times, unit, limits, version, platform."""
