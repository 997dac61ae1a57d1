"""Those who vouch for an e-mail address: one file each, the only places here that speak HTTP."""
