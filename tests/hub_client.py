"""This process as a client of the local Hub: the library's constants, which it read when it was imported."""

from pathlib import Path


def connect(hub, monkeypatch, home: Path, token: str | None = "hf_local_writer") -> Path:
    """Point huggingface_hub at the server, with an empty cache below home; return the folder of the cache."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    else:
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    return home / "hub"


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files by their names, "__" for a dot and "/" in them for folders; return the folder."""
    for name, content in files.items():
        file = folder / name.replace("__", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
