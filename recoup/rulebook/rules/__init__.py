"""One package of rules for each jurisdiction; adding one is copying one."""
