"""Who may federate with us, and with what: pure verdicts."""
