"""The network: addresses, URLs, proxies, TLS."""
