"""The operator's policy: security levels, grants, and what may run unattended.

One small file for each user, policy.json below $XDG_CONFIG_HOME/edge (~/.config/edge):

    {"format": 1, "level": "default", "unattended": "low",
     "plugins": {"weather": {"level": "strict", "consents": [],
                             "grants": [["http_client", "api.example.org:443"]]}}}

Every change is atomic, is made under a lock, and returns the event that it wrote to the audit log first. If
the event cannot be written, the change is not applied. What changes nothing has no event.
"""
