"""Every setting is documented, an unknown one is refused, a secret stays a reference."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from storage.settings import AlertSettings, ChannelSettings, SecretUnavailableError, Settings, resolve_secret

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"


def _keys(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= _keys(kind, f"{prefix}{name}.")
        else:
            found[prefix + name] = field.description or ""
    return found


def test_docs_name_every_setting_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z_.]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    expected = set(_keys(Settings)) | set(_keys(ChannelSettings, "alerts.channels."))
    assert documented == expected


def test_every_setting_explains_itself() -> None:
    assert [key for key, text in _keys(Settings).items() if not text] == []


def test_an_unknown_key_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pahunch.toml").write_text("[collect]\nintervall_s = 60\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match="intervall_s"):
        Settings()


def test_channels_have_names_of_their_own() -> None:
    channel = ChannelSettings(name="noc", kind="apprise", url="env:NOC")
    with pytest.raises(ValidationError, match="two channels are called 'noc'"):
        AlertSettings(channels=(channel, channel))


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pahunch.toml").write_text("[collect]\ninterval_s = 30\ntimeout_s = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAHUNCH_COLLECT__INTERVAL_S", "10")
    settings = Settings()
    assert (settings.collect.interval_s, settings.collect.timeout_s) == (10, 3)


def test_secrets_are_resolved_at_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from file\n")
    monkeypatch.setenv("SOME_SECRET", "from environment")
    assert resolve_secret("env:SOME_SECRET") == "from environment"
    assert resolve_secret(f"file:{tmp_path}/secret") == "from file"
    assert resolve_secret("plain") == "plain"


@pytest.mark.parametrize("reference", ["env:NOT_SET_ANYWHERE", "file:/nowhere/at/all"])
def test_a_missing_secret_names_its_reference(reference: str) -> None:
    with pytest.raises(SecretUnavailableError, match=reference):
        resolve_secret(reference)
