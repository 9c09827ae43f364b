"""The recipe at hand: what is filled in, or what a file says; loaded and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_selfseg.widgets.batch._request import recipe_from
from napari_selfseg.widgets.batch._view import BatchView
from napari_selfseg.widgets.batch._words import described
from napari_selfseg.widgets.parts.dialogs import ask_open, ask_save
from napari_selfseg.widgets.work.task import Tasks

if TYPE_CHECKING:
    from napari_selfseg.scale import Recipe

__all__ = ["RecipeActions"]

FILES: Final = "Recipes, labels and models (*.json *.tif *.tiff *.safetensors)"
FILE: Final = "Recipe (*.json)"
NO_RECIPE: Final = "Choose the file with the recipe."


class RecipeActions:
    """Between the widgets of the recipe and its files."""

    def __init__(self, view: BatchView, tasks: Tasks) -> None:
        self._view, self._tasks = view, tasks
        self._loaded: Recipe | None = None
        view.recipe.browse.clicked.connect(self._ask)
        view.recipe.file.editingFinished.connect(self._on_name)
        view.recipe.save.clicked.connect(self._save)

    @property
    def recipe(self) -> Recipe:
        """What is to be done.

        Raises
        ------
        ValueError
            When values do not go together, or there is no recipe in the file.
        """
        if not self._view.recipe.from_file:
            return recipe_from(self._view.recipe.form)
        if self._loaded is None:
            raise ValueError(NO_RECIPE)
        return self._loaded

    def load(self, path: str) -> None:
        """Take the recipe of a recipe, a labels file or a model."""

        def work() -> Recipe:
            from napari_selfseg.scale import Recipe

            return Recipe.load(path)

        def put(recipe: Recipe) -> None:
            self._loaded = recipe
            self._view.recipe.show_file(path, described(recipe))
            self._view.say("")

        def refused(sentence: str) -> None:
            self._view.recipe.show_file(path, "")
            self._view.show_error(sentence)

        self._loaded = None
        self._tasks.begin(work, put, "Reading the recipe", refused)

    def _on_name(self) -> None:
        if path := self._view.recipe.file.text().strip():
            self.load(path)

    def _ask(self) -> None:
        if path := ask_open(self._view, "Recipe", FILES):
            self.load(path)

    def _save(self) -> None:
        try:
            recipe = self.recipe
            if path := ask_save(self._view, "Save recipe", "recipe.json", FILE):
                recipe.save(path)
                self._view.say(f"Saved: {path}")
        except (ValueError, OSError) as error:
            self._view.show_error(str(error))
