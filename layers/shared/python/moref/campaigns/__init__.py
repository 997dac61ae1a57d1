"""Who is asked what, and when: enrollments, steps, windows, feedback."""
