"""Blocks of Markdown whose shape says what they are, named by a class for their styles."""

from collections.abc import Iterator, Sequence

from markdown_it.tree import SyntaxTreeNode

from udvej.content.pictures import is_picture


def name_shapes(node: SyntaxTreeNode) -> None:
    """Give each such block its class.

    - The links of a `::: knapper` are `button`, the first of them `button--primary`.
    - A list of links is `genveje`. Any other list item or paragraph that is one link and nothing
      else is `videre`: a thumb must find it (WCAG 2.5.5).
    - A list of which each item begins with bold type is `opslag`; with a picture, `tegning-liste`.
    """
    if node.type == "container_box" and node.info.strip() == "knapper":
        _name_buttons(node)
        return
    if node.type == "bullet_list":
        names = [*_names_of_list([*map(_beginning, node.children)])]
        for name in names:
            _name(node, name)
        if "genveje" in names:
            return
    elif node.type == "inline" and _pieces(node) == ["link"] and (block := node.parent):
        # The paragraph of a list without blank lines is not shown, its item is.
        _name(block.parent if block.hidden and block.parent else block, "videre")
    for child in node.children:
        name_shapes(child)


def _name_buttons(box: SyntaxTreeNode) -> None:
    links = [node for node in box.walk() if node.type == "link"]
    for link in links:
        _name(link, "button" if link is not links[0] else "button button--primary")


def _names_of_list(items: Sequence[Sequence[str]]) -> Iterator[str]:
    if all(item == ["link"] for item in items):
        yield "genveje"
    if all(is_picture(item[0]) for item in items):
        yield "tegning-liste"
    if all("strong" in item[:2] and (item[0] == "strong" or is_picture(item[0])) for item in items):
        yield "opslag"


def _name(node: SyntaxTreeNode, name: str) -> None:
    if node.nester_tokens is not None:
        node.nester_tokens.opening.attrJoin("class", name)


def _beginning(item: SyntaxTreeNode) -> Sequence[str]:
    """What the words of a list item begin with."""
    words = (_pieces(node) for node in item.walk() if node.type == "inline")
    return next(words, []) or [""]


def _pieces(words: SyntaxTreeNode) -> Sequence[str]:
    """The types of a block's pieces, without the empty text that stands where a mark was read."""
    return [piece.type for piece in words.children if piece.content or piece.type != "text"]
