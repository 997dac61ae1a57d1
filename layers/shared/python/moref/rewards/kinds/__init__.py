"""What a released reward becomes when it is no gift card: one file a kind, found by its name.

`grant(runtime, reward)` is asked for again and again until the reward has moved on; it commits once.
`take_back(runtime, reward, reason)` gives the writes that undo a grant (the reward's own change among them) and whether
all of it came back; None when nothing can.
"""
