"""The pages that are only read."""

from collections.abc import Callable

from flask import Blueprint, render_template

from udvej.content.addresses import FORM
from udvej.content.pages import Edition, Page


def blueprint(site: Edition) -> Blueprint:
    """A route for every page of the content but the form's, in one language."""
    views = Blueprint("pages", __name__)
    for page in site.pages.values():
        if page.address != FORM:
            views.add_url_rule(page.address, page.address.strip("/") or "forside", _view(page))
    return views


def _view(page: Page) -> Callable[[], str]:
    def view() -> str:
        return render_template("page.html", page=page, title=page.title)

    return view
