"""What the local Hub says about the front matter of a card, by the rules of the real one that are known."""

import re

COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SDKS = ("gradio", "docker", "static", "streamlit")
# of huggingface.co/docs/hub/repositories-licenses
LICENSES = """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear
    c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0
    cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
    cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl
    ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1
    lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl openrail++ osl-3.0 postgresql ofl-1.1 ncsa
    unlicense zlib pddl lgpl-lr deepfloyd-if-license fair-noncommercial-research-license llama2 llama3
    llama3.1 llama3.2 llama3.3 llama4 gemma apple-ascl apple-amlr unknown other
"""
REPO = re.compile(r"([\w.-]+/)?[\w.-]+")


def front_matter(text: str) -> dict:
    """Return the fields between the first two lines of three dashes; {} when there is no such mapping."""
    import yaml

    found = re.match(r"\s*---[ \t]*\r?\n(.*?)\n---[ \t]*(\r?\n|$)", text, re.DOTALL)
    try:
        fields = yaml.safe_load(found[1]) if found else {}
    except yaml.YAMLError:
        return {}
    return fields if isinstance(fields, dict) else {}


def judge(text: str, kind: str) -> tuple[list[str], list[str]]:
    """Return what makes the Hub refuse a card, and what it warns of."""
    fields = front_matter(text)
    if not fields:
        broken = bool(re.match(r"\s*---[ \t]*\r?\n", text))
        if broken or kind == "space":
            return ["the YAML front matter is missing or cannot be read"], []
        return [], ["empty or missing yaml metadata in repo card"]
    errors = []
    if len(str(fields.get("short_description", ""))) > 60:
        errors.append('"short_description" length must be less than or equal to 60 characters long')
    for name in ("colorFrom", "colorTo"):
        if fields.get(name, "red") not in COLOURS:
            errors.append(f'"{name}" must be one of [{", ".join(COLOURS)}]')
    if kind == "space" and fields.get("sdk") not in SDKS:
        errors.append(f'"sdk" must be one of [{", ".join(SDKS)}]')
    for name in _many(fields.get("license")):
        if str(name) not in LICENSES.split():
            errors.append(f'"license" must be one of the Hub\'s licences, not {name}')
    for field in ("base_model", "datasets", "models"):
        for name in _many(fields.get(field)):
            if not isinstance(name, str) or not REPO.fullmatch(name):
                errors.append(f'"{field}" with value {name!r} is not valid. Use an id from the Hub')
    if any(not isinstance(tag, str) for tag in _many(fields.get("tags"))):
        errors.append('"tags" must be an array of strings')
    return errors, []


def _many(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]
