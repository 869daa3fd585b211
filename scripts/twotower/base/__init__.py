"""What every wing may use: files, identity, seeds, pins, safe names, strict YAML, console."""
