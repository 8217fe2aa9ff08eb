"""With which servers we speak: the mode of the configuration and the moderators' rules."""


def welcome(mode: str, rule: str | None) -> bool:
    """Whether a host may speak with us. `mode`: open, allowlist, off; `rule`: block, allow."""
    if mode == "off":
        return False
    if mode == "allowlist":
        return rule == "allow"
    return rule != "block"


def nearest(rules: dict[str, str], host: str) -> str | None:
    """The rule for `host`, or for the nearest domain above it; a port does not matter."""
    name = host.partition(":")[0].lower()
    while name:
        if name in rules:
            return rules[name]
        _, _, name = name.partition(".")
    return None
