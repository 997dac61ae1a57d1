"""`make demo`: the main job and the ways it goes wrong, on the embedded AWS, told as a timeline."""
