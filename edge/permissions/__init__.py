"""What plugins may ask for: requests, the capabilities behind imports, patterns and security levels."""
