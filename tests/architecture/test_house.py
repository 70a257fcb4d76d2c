"""The house rules that a tool can check."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = [
    "intake", "portfolio", "scoring", "strategy", "gate", "contact", "repayment", "reporting",
]  # fmt: skip
MODULES = [
    path
    for path in sorted((ROOT / "recoup").rglob("*.py"))
    if "migrations" not in path.parts and "tests" not in path.parts
]


def test_no_module_is_longer_than_four_hundred_lines():
    long = {
        str(path.relative_to(ROOT)): count
        for path in MODULES
        if (count := len(path.read_text().splitlines())) > 400
    }

    assert long == {}


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.name not in ("apps.py",) and path.read_text().strip()
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]  # fmt: skip

    assert silent == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_its_page_and_the_same_files(stage):
    folder = ROOT / "recoup" / stage
    names = {path.stem for path in folder.iterdir()}

    assert {"models", "operations", "queries", "events", "tests", "__init__"} <= names
    assert (ROOT / "docs" / "stages" / f"{stage}.md").is_file()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_exports_nothing_from_its_first_page(stage):
    tree = ast.parse((ROOT / "recoup" / stage / "__init__.py").read_text())

    assert [type(node).__name__ for node in tree.body] == ["Expr"]


def test_only_the_edges_read_the_clock():
    """Desks, api, look, commands, synth and site may ask what time it is; stages are told."""
    edges = {"desks", "api", "look", "commands", "site", "synth"}
    read = re.compile(r"clock\.now\(|datetime\.now\(|date\.today\(|timezone\.now\(|utcnow\(")
    guilty = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.relative_to(ROOT).parts[1] not in edges
        and path.relative_to(ROOT) != Path("recoup/kernel/clock.py")
        and read.search(path.read_text())
    ]

    assert guilty == []


def test_foreign_keys_protect_unless_argued():
    allowed = {"recoup/look/models.py"}  # a form's token goes with the account that showed it
    guilty = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if "models" in str(path) and "on_delete=models.CASCADE" in path.read_text()
    ]

    assert set(guilty) <= allowed


def test_pages_carry_no_inline_style_or_script():
    guilty = []
    for path in sorted((ROOT / "recoup").rglob("*.html")):
        text = path.read_text()
        if "letter" in path.name or "letters" in path.parts or "channels" in path.parts:
            continue  # a letter is laid out on paper, where no policy applies
        if re.search(r"<[^>]*\sstyle=|<script>|<[^>%]*\son[a-z]+=[\"']", text):
            guilty.append(str(path.relative_to(ROOT)))

    assert guilty == []


def test_every_decision_record_says_situation_choice_and_price():
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        text = path.read_text().lower()
        for part in ("situation", "choice", "price"):
            assert re.search(rf"(?m)^(## |\*\*){part}", text), f"{path.name} lacks {part}"


def test_the_dependencies_each_have_a_reason():
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [", 1)[1].split("]\n", 1)[0]

    assert [
        line for line in block.splitlines() if line.strip().startswith('"') and "#" not in line
    ] == []


def test_no_file_holds_an_address_of_a_registry():
    for name in ("constraints.txt", "package-lock.json", "package.json", "pyproject.toml"):
        text = (ROOT / name).read_text()
        assert not re.search(r"https?://[^\s\"]+\.(whl|tgz|tar\.gz)", text), name
        assert '"resolved"' not in text, name
