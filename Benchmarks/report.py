"""The rows of the result: figures with their spread, how they stand to their bounds, and the table."""

import statistics

from bounds import BOUNDS


def ratio_row(measure, unit, reference, ours, bound=None, note="", digits=0):
    """Pairs of runs: medians, and median, least and greatest of the ratios pair by pair."""
    ratios = [a / b for a, b in zip(ours, reference, strict=True)]
    entry = {
        "measure": measure, "unit": unit, "digits": digits, "runs": len(ratios), "note": note,
        "reference": statistics.median(reference), "ours": statistics.median(ours),
        "ratio": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios),
        "reference_runs": reference, "our_runs": ours,
    }
    return judged(entry, bound, entry["ratio"])


def figure_row(measure, unit, ours, bound=None, note="", digits=0):
    """Runs that nothing is run beside."""
    entry = {
        "measure": measure, "unit": unit, "digits": digits, "runs": len(ours), "note": note,
        "ours": statistics.median(ours), "least": min(ours), "greatest": max(ours), "our_runs": ours,
    }
    return judged(entry, bound, entry["ours"])


def missing_row(measure, why):
    """Something that could not be measured here."""
    return {"measure": measure, "runs": 0, "note": f"not measured: {' '.join(why.split())}"}


def judged(entry, bound, value):
    if bound:
        known = BOUNDS[bound]
        entry |= {"bound": bound, "against": known.reference, "must": known.must, "aim": known.aim,
                  "is_lower_better": not known.at_least, "met": known.met(value)}
    return entry


def table(rows):
    lines = ["| measure | reference | ours | median (least … greatest) | must | aim | note |",
             "|---|---:|---:|---:|---:|---:|---|"]
    for entry in rows:
        cells = [entry["measure"], of_reference(entry), of_ours(entry), spread(entry),
                 standing(entry, "must"), standing(entry, "aim"), entry["note"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def number(entry, value):
    return f"{value:,.{entry['digits']}f}"


def of_reference(entry):
    against = f" ({entry['against']})" if entry.get("against") else ""
    return f"{number(entry, entry['reference'])} {entry['unit']}{against}" if "reference" in entry else "–"


def of_ours(entry):
    return f"{number(entry, entry['ours'])} {entry['unit']}" if entry["runs"] else "–"


def spread(entry):
    """Of the ratio where there is a reference, else of the figure."""
    if not entry["runs"] or (entry["runs"] == 1 and "ratio" not in entry):
        return "–"
    if "ratio" in entry:
        return f"{entry['ratio']:.2f} ({entry['least']:.2f} … {entry['greatest']:.2f})"
    return f"{number(entry, entry['ours'])} ({number(entry, entry['least'])} … {number(entry, entry['greatest'])})"


def standing(entry, which):
    if "bound" not in entry:
        return "–"
    sign = "≤" if entry["is_lower_better"] else "≥"
    return f"{sign} {entry[which]:g} {'met' if entry['met'][which] else 'MISSED'}"
