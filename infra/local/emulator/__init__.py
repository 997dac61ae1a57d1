"""ministack, the embedded AWS, with AWS's behaviour restored where it differs (one file per patch)."""
