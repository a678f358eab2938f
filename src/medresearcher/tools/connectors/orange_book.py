"""The FDA Orange Book: products, patents and exclusivities, from the files the FDA offers.

The user downloads `products.txt`, `patent.txt` and `exclusivity.txt` (`~` between fields, the
names of the fields in the first line) as a zip, and names the zip or its folder in the setting.
"""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock

from medresearcher.records.trajectory import Outcome
from medresearcher.tools.connectors.reply import Limit, Page, Query, entry, listing, page_of
from medresearcher.tools.facts import one_line
from medresearcher.tools.tool import Result, Tool, ToolError

NAME = "FDA Orange Book"
SETTING = "tools.services.orange_book"

_FILES = {
    "products": ("Ingredient", "Trade_Name", "Applicant_Full_Name", "Strength", "Appl_Type"),
    "patent": ("Appl_Type", "Appl_No", "Product_No", "Patent_No", "Patent_Expire_Date_Text"),
    "exclusivity": ("Appl_Type", "Appl_No", "Product_No", "Exclusivity_Code", "Exclusivity_Date"),
}
_MOST_BYTES = 200_000_000

Row = Mapping[str, str]


@dataclass(slots=True, weakref_slot=True)
class _Tables:
    """The rows of the three files, by product where they are about one, and how many are broken."""

    products: list[Row]
    patents: dict[tuple[str, ...], list[Row]]
    exclusivities: dict[tuple[str, ...], list[Row]]
    broken: int


class OrangeBook:
    """The files at the set place, read when they are first needed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()

    def tables(self) -> _Tables:
        """The tables; a `ToolError` says what is missing or wrong."""
        with self._lock:
            return self._read

    @cached_property
    def _read(self) -> _Tables:
        if self._path is None:
            problem = f"set {SETTING} to the folder or zip of the FDA's Orange Book files"
            raise ToolError(Outcome.NOT_CONFIGURED, f"{NAME} is not there; {problem}")
        texts = _texts(self._path)
        rows = {name: list(_rows(name, texts[name])) for name in _FILES}
        whole = {name: [one for one in found if one] for name, found in rows.items()}
        broken = sum(map(len, rows.values())) - sum(map(len, whole.values()))
        patents, exclusivities = _by_product(whole["patent"]), _by_product(whole["exclusivity"])
        return _Tables(whole["products"], patents, exclusivities, broken)


def orange_book(book: OrangeBook) -> Tool:
    """The look-up tool."""

    def look_up(drug: Query, limit: Limit = 5, page: Page = 1) -> Result:
        """Look a drug up in the FDA Orange Book: applicants, approvals, patents, exclusivities.

        Args:
            drug: A part of an ingredient or trade name, or an application number such as N021436.
            limit: How many products a page has.
            page: The page, from 1.
        """  # noqa: D413
        tables = book.tables()
        found = [one for one in tables.products if _is_about(one, drug.casefold())]
        shown = found[(page - 1) * limit : page * limit]
        disputes = _disputes(tables, shown)
        entries = [_entry(tables, (page - 1) * limit + n, one) for n, one in enumerate(shown, 1)]
        notes = list(disputes)
        if tables.broken:
            notes.append(f"rows of the files that are broken and left out: {tables.broken}")
        result = listing(NAME, entries, len(found), page_of(len(found), limit, page), notes)
        if disputes and entries:
            return Result(Outcome.CONFLICT, result.body, result.status)
        return result

    return Tool("orange_book", look_up)


def _texts(path: Path) -> dict[str, str]:
    """The text of each file, of a folder or a zip; names in any case."""
    try:
        if path.is_dir():
            found = {one.name.lower(): one for one in path.iterdir()}
            bodies = {name: found[f"{name}.txt"].read_bytes() for name in _FILES}
        else:
            with zipfile.ZipFile(path) as archive:
                members = {Path(one.filename).name.lower(): one for one in archive.infolist()}
                if sum(one.file_size for one in members.values()) > _MOST_BYTES:
                    raise _broken(path, f"unpacks to more than {_MOST_BYTES:,} bytes")
                bodies = {name: archive.read(members[f"{name}.txt"]) for name in _FILES}
    except KeyError as error:
        raise _broken(path, f"expected the file {error.args[0]}; it is not there") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise _broken(path, f"cannot be read ({error})") from error
    return {name: body.decode("utf-8", "replace") for name, body in bodies.items()}


def _rows(name: str, text: str) -> Iterator[Row]:
    """The rows as field -> value; a row with another number of fields is empty."""
    header, *lines = text.splitlines() or [""]
    fields = [field.strip() for field in header.lstrip("\ufeff").split("~")]
    missing = [field for field in _FILES[name] if field not in fields]
    if missing:
        raise ToolError(
            Outcome.NOT_CONFIGURED,
            f"{NAME}: {name}.txt has no field {missing[0]}; expected the FDA's file",
        )
    for line in lines:
        values = [value.strip() for value in line.split("~")]
        yield dict(zip(fields, values, strict=True)) if len(values) == len(fields) else {}


def _by_product(rows: list[Row]) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(_product(row), []).append(row)
    return found


def _product(row: Row) -> tuple[str, ...]:
    return row.get("Appl_Type", ""), row.get("Appl_No", ""), row.get("Product_No", "")


def _is_about(row: Row, words: str) -> bool:
    number = f"{row.get('Appl_Type', '')}{row.get('Appl_No', '')}".casefold()
    names = f"{row['Ingredient']}\n{row['Trade_Name']}".casefold()
    return words in names or words in (number, number[1:])


def _entry(tables: _Tables, number: int, row: Row) -> str:
    application = f"{row['Appl_Type']}DA {row.get('Appl_No', '?')}"
    status = {"RX": "prescription", "OTC": "over the counter", "DISCN": "discontinued"}
    patents = [
        f"{one['Patent_No']} expires {_date(one['Patent_Expire_Date_Text'])}"
        for one in tables.patents.get(_product(row), ())
    ]
    exclusive = [
        f"{one['Exclusivity_Code']} until {_date(one['Exclusivity_Date'])}"
        for one in tables.exclusivities.get(_product(row), ())
    ]
    return entry(
        number,
        [row["Trade_Name"], row["Ingredient"], row["Strength"], row.get("DF;Route", "")],
        f"{application}, product {row.get('Product_No', '?')} · {row['Applicant_Full_Name']}",
        f"approved {_date(row.get('Approval_Date', ''))} · {status.get(row.get('Type', ''), '?')}",
        f"patents: {'; '.join(patents) or 'none listed'}",
        f"exclusivity: {'; '.join(exclusive) or 'none listed'}",
    )


def _disputes(tables: _Tables, shown: list[Row]) -> list[str]:
    """Patents of these products that the book gives different expiry dates for, with both."""
    wanted = {one["Patent_No"] for row in shown for one in tables.patents.get(_product(row), ())}
    dates: dict[str, dict[str, list[str]]] = {number: {} for number in wanted}
    for product, rows in tables.patents.items():
        for one in rows:
            if one["Patent_No"] in wanted:
                said = dates[one["Patent_No"]].setdefault(one["Patent_Expire_Date_Text"], [])
                said.append(f"{product[0]}DA {product[1]}")
    return [
        f"CONFLICT: patent {number} expires "
        + ", but ".join(
            f"{_date(date)} by {', '.join(dict.fromkeys(where))}" for date, where in said.items()
        )
        for number, said in sorted(dates.items())
        if len(said) > 1
    ]


def _date(text: str) -> str:
    """`Jan 31, 2024` -> `2024-01-31`; other words stay."""
    try:
        return datetime.strptime(text, "%b %d, %Y").date().isoformat()
    except ValueError:
        return one_line(text) or "date not stated"


def _broken(path: Path, problem: str) -> ToolError:
    return ToolError(Outcome.NOT_CONFIGURED, f"{NAME}: {path.name} {problem}; see {SETTING}")
