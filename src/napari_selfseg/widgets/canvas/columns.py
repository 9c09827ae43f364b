"""The table of a labels layer: our columns beside those that somebody else put there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

__all__ = ["annotated", "beside_others", "clear_table", "our_columns", "our_table", "write_table"]

# In the metadata of a layer: the columns of its table that we wrote.
COLUMNS: Final = "napari-selfseg columns"
# By which napari finds the row of a label; without it the rows are those of labels 0, 1, 2...
INDEX: Final = "index"
TAKEN: Final = "{name} (yours)"


def our_columns(layer: Any) -> frozenset[str]:
    """Return the columns that we wrote.

    Parameters
    ----------
    layer : napari.layers.Labels
        Any.
    """
    return frozenset(layer.metadata.get(COLUMNS, ())) & frozenset(layer.features.columns)


def our_table(layer: Any) -> Any:
    """Return what we wrote, perhaps no column at all.

    Parameters
    ----------
    layer : napari.layers.Labels
        Any.
    """
    ours = our_columns(layer)
    return layer.features[[each for each in layer.features.columns if each in ours]]


def annotated(layer: Any) -> bool:
    """Say whether somebody else has put columns into the table.

    Parameters
    ----------
    layer : napari.layers.Labels
        Any.
    """
    return bool(set(layer.features.columns) - our_columns(layer) - {INDEX})


def write_table(layer: Any, table: Any) -> None:
    """Show another table of ours; what others know of the same labels stays beside it.

    Parameters
    ----------
    layer : napari.layers.Labels
        With the labels.
    table : pandas.DataFrame or mapping
        With ``index``.
    """
    made = type(layer.features)(dict(table))
    shown = beside_others(layer.features, made, our_columns(layer))
    layer.metadata[COLUMNS] = tuple(made.columns)
    layer.features = shown


def clear_table(layer: Any) -> None:
    """Take the table away: other labels are shown.

    Parameters
    ----------
    layer : napari.layers.Labels
        Any.
    """
    layer.metadata.pop(COLUMNS, None)
    layer.features = {}


def beside_others(before: Any, table: Any, ours: Collection[str]) -> Any:
    """Return a table with the columns of others that were there before, by label.

    Parameters
    ----------
    before, table : pandas.DataFrame
        What there was, and what takes its place, with ``index``.
    ours : collection of str
        Columns of `before` that nobody else wrote.

    Returns
    -------
    pandas.DataFrame
        One that is called like one of ours has another name; labels that had no row have none
        of its values.
    """
    theirs = [each for each in before.columns if each not in ours and each != INDEX]
    if not theirs:
        return table
    known = before.set_index(INDEX) if INDEX in before else before
    known = known[~known.index.duplicated()][theirs].reindex(table[INDEX])
    names = {each: TAKEN.format(name=each) for each in theirs if each in table}
    return table.join(known.rename(columns=names).reset_index(drop=True))
