"""The operator's policy: security levels, grants, and what may run unattended.

One small file, policy.json below $XDG_CONFIG_HOME/edge (~/.config/edge), root's own for root:

    {"format": 1, "level": "default", "unattended": "low",
     "plugins": {"weather": {"level": "strict", "consents": [],
                             "grants": [["http_client", "api.example.org:443"]]}}}

Every change is made under a lock, leaves the old file or the new one, and answers the fact that it put into
the audit log before. What can't be put there is not changed; what changes nothing is not put there.
"""
