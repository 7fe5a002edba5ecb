#!/usr/bin/env bash
# Finding: one Python client of Kubernetes cannot read the CPU use that a metrics server reports; the other reads sizes that
# Kubernetes refuses.
#
# Guess before the run: a quantity has one grammar, in Kubernetes' reference ("Quantity": suffixes n, u, m, none, k, M, G, T, P, E,
# Ki to Ei, or an exponent with e or E, never both), so both clients read the same texts and refuse the same.
#
# Seen with lightkube 1.0.1 and kubernetes 37.0.2: use of CPU is reported in nanocores (`156340n`) and microcores, suffixes that
# lightkube does not have ("Invalid unit suffix"); nor does it read the exponent of `12E6`. It does read `1Zi`, for which
# Kubernetes has no suffix. The other client reads everything of the grammar, and `1K`, which is none; both read `1e3Mi`, an
# exponent and a suffix. An inventory that is read by the one and usage that is read by the other agree only on the suffixes in the
# middle, and a file that either has read may still hold a size that no cluster takes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kubernetes==37.0.2 lightkube==1.0.1
"$folder/venv/bin/python" - <<'PYTHON'
from kubernetes.utils.quantity import parse_quantity as official
from lightkube.utils.quantity import parse_quantity as light


def read(parse, text):
    try:
        return float(parse(text))
    except ValueError:
        return None


expected = {
    # text: (kubernetes, lightkube)
    "250m": (0.25, 0.25),
    "1.5Gi": (1610612736.0, 1610612736.0),
    "1e3": (1000.0, 1000.0),
    "156340n": (0.00015634, None),
    "250u": (0.00025, None),
    "12E6": (12e6, None),
    "1K": (1000.0, None),
    "1e3Mi": (1048576000.0, 1048576000.0),
    "1Zi": (None, float(1024**7)),
}
seen = {text: (read(official, text), read(light, text)) for text in expected}
for text, (one, other) in seen.items():
    print(f"{text:8}  kubernetes {one}  lightkube {other}")
assert seen == expected, "the behaviour has changed"
PYTHON
