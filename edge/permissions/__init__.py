"""Permission requests of plugins, the capabilities behind imports, patterns and security levels."""
