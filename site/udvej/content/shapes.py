"""Blocks of Markdown whose shape says what they are, named by a class for their styles."""

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode


def name_shapes(tree: SyntaxTreeNode) -> None:
    """Give each such block its class.

    - The links of a `::: knapper` are `button`, the first of them `button--primary`.
    - A paragraph or list item that is one link and nothing else is `videre`: a thumb must find
      it (WCAG 2.5.5).
    - A list of which every item begins with bold type is `opslag`.
    """
    for node in tree.walk():
        if _is_buttons(node):
            _name_buttons(node)
        elif node.type == "inline" and _is_link(node) and not _is_in_buttons(node):
            block = node.parent
            # The paragraph of a list without blank lines is not shown, its item is.
            _name(block.parent if block and block.hidden else block, "videre")
        elif node.type == "bullet_list" and all(map(_begins_bold, node.children)):
            _name(node, "opslag")


def _name_buttons(box: SyntaxTreeNode) -> None:
    links = [node for node in box.walk() if node.type == "link"]
    for link in links:
        _name(link, "button" if link is not links[0] else "button button--primary")


def _name(node: SyntaxTreeNode | None, name: str) -> None:
    if node is not None and node.nester_tokens is not None:
        node.nester_tokens.opening.attrSet("class", name)


def _is_buttons(node: SyntaxTreeNode) -> bool:
    return node.type == "container_box" and node.info.strip() == "knapper"


def _is_in_buttons(node: SyntaxTreeNode) -> bool:
    parent = node.parent
    return parent is not None and (_is_buttons(parent) or _is_in_buttons(parent))


def _is_link(words: SyntaxTreeNode) -> bool:
    return [piece.type for piece in _seen(words)] == ["link"]


def _begins_bold(item: SyntaxTreeNode) -> bool:
    words = next((node for node in item.walk() if node.type == "inline"), None)
    return words is not None and [piece.type for piece in _seen(words)][:1] == ["strong"]


def _seen(words: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    """The pieces of a block, without the empty text that stands where a mark was read."""
    return [piece for piece in words.children if piece.content or piece.type != "text"]
