"""Scores a corpus: `python -m tests.matching [seed | file.jsonl]`.

A line of a file is one record as tests.matching.shapes.Record has it, in the order of time: kind ("lead", "job"), id,
day, first_name, last_name, phone, email, street, postal_code; of a job also truth, the id of its lead or null.
"""

import json
import sys
from pathlib import Path

from tests.matching.corpus import Corpus
from tests.matching.product import by_email_only, by_phone_or_email, by_product
from tests.matching.shapes import Record

OPTIONAL = ("phone", "email", "street", "postal_code")


def main(argument: str = "1") -> None:
    if argument.isdecimal():
        records = Corpus(int(argument), 1000, 2000).records
    else:
        lines = Path(argument).read_text("utf-8").splitlines()
        records = [Record(**dict.fromkeys(OPTIONAL) | json.loads(line)) for line in lines if line.strip()]
    for name, method in (("e-mail", by_email_only), ("phone, e-mail", by_phone_or_email), ("product", by_product)):
        score = method(records)
        sys.stdout.write(f"{name:14} precision {score.precision:.4f} recall {score.recall:.4f}\n")
    for words, count in score.traits.most_common():
        sys.stdout.write(f"{count:5} {words}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
