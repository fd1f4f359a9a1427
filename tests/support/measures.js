// What a rendered page measures. Each function gives back what falls short, in words; none changes
// the page. Loaded into a page by `accessibility.py`.
window.measures = (function () {
  "use strict";

  function name(element) {
    return element.cloneNode(false).outerHTML.slice(0, 120);
  }

  function words(node) {
    return node.textContent.replace(/\s+/g, " ").trim();
  }

  function all(selector) {
    return [...document.querySelectorAll(selector)].filter((element) =>
      element.checkVisibility({ visibilityProperty: true }));
  }

  // There for the ear, and for the eye only while it has focus.
  function unseen(element) {
    return element.closest(".unseen:not(:focus-within), .roomy") !== null;
  }

  function texts(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode, parent = node.parentElement;
      if (words(node) && parent.checkVisibility({ visibilityProperty: true }) && !unseen(parent))
        found.push(node);
    }
    return found;
  }

  function boxes(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((box) => box.width > 0);
  }

  // How wide the page is, which may be more than its window.
  function width() {
    return document.documentElement.scrollWidth;
  }

  // Colours.

  function channels(colour) {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    if (!/^rgba?\(/.test(colour)) throw new Error(`a colour of another kind: ${colour}`);
    return { rgb: [red, green, blue], alpha };
  }

  // WCAG 2.2, relative luminance and contrast ratio.
  function luminance(rgb) {
    const [red, green, blue] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function ratio(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }

  // What an element stands on. A picture or a veil could not be measured, so there must be none.
  function ground(element) {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none" || style.opacity !== "1" || style.filter !== "none")
        throw new Error(`cannot be measured: ${name(at)}`);
      const { rgb, alpha } = channels(style.backgroundColor);
      if (alpha === 1) return rgb;
      if (alpha > 0) throw new Error(`lets shine through: ${name(at)}`);
    }
    return channels(getComputedStyle(document.documentElement).backgroundColor).rgb;
  }

  function* coloured() {
    for (const node of texts(document.body))
      yield [words(node), node.parentElement, getComputedStyle(node.parentElement).color];
    for (const field of all("input:not([type=radio], [type=checkbox]), textarea"))
      yield [name(field), field, getComputedStyle(field).color];
    for (const element of all("body *"))
      for (const side of ["::before", "::after"]) {
        const style = getComputedStyle(element, side);
        if (!["none", "normal", '""'].includes(style.content))
          yield [`${side} of ${name(element)}`, element, style.color];
      }
  }

  function faintText(least) {
    const faint = [];
    let seen = 0;
    for (const [what, element, colour] of coloured()) {
      const found = ratio(channels(colour).rgb, ground(element));
      seen += 1;
      if (found < least) faint.push(`${what}: ${found.toFixed(2)}`);
    }
    return seen ? faint : ["there is no text"];
  }

  // The edges by which fields and buttons are known, against what they stand on.
  function faintEdges(least) {
    const faint = [];
    for (const element of all(".button, .text-field")) {
      if (unseen(element)) continue;
      const style = getComputedStyle(element);
      const around = ground(element.parentElement);
      const edge = style.borderTopStyle === "solid" && parseFloat(style.borderTopWidth) >= 1
        ? ratio(channels(style.borderTopColor).rgb, around) : 1;
      if (edge < least) faint.push(`${name(element)}: ${edge.toFixed(2)}`);
    }
    return faint;
  }

  // Sizes.

  const CONTROLS = "a[href], button, input:not([type=hidden]), textarea, summary";

  // A link among other words is as high as its line.
  function inSentence(element) {
    const block = element.closest("p, li, address, h1, h2, h3");
    return getComputedStyle(element).display === "inline" && block !== null
      && words(block) !== words(element);
  }

  function smallTargets(least) {
    return all(CONTROLS).flatMap((element) => {
      if (unseen(element) || inSentence(element)) return [];
      const parts = [element, ...(element.labels || [])].map((part) => part.getBoundingClientRect());
      const width = Math.max(...parts.map((box) => box.right)) - Math.min(...parts.map((box) => box.left));
      const height = Math.max(...parts.map((box) => box.bottom)) - Math.min(...parts.map((box) => box.top));
      return Math.min(width, height) < least - 0.01
        ? [`${name(element)} ${words(element)}: ${width.toFixed(1)} x ${height.toFixed(1)}`] : [];
    });
  }

  // Targets that share ground, where a thumb could mean either.
  function touchingTargets() {
    const targets = all(CONTROLS).filter((element) => !unseen(element)
      && !element.closest(".thumb-bar") && !inSentence(element));
    return targets.flatMap((one, place) => targets.slice(place + 1).flatMap((other) => {
      const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
      const shared = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
      return shared && !one.closest(".layout-head") && !other.closest(".layout-head")
        ? [`${name(one)} and ${name(other)}`] : [];
    }));
  }

  // Text that leaves the window, or the button or field that holds it.
  function cutOff() {
    const cut = [];
    for (const node of texts(document.body)) {
      const holder = node.parentElement.closest(".button");
      const frame = holder ? holder.getBoundingClientRect() : { left: 0, right: innerWidth, top: -1e9, bottom: 1e9 };
      for (const box of boxes(node))
        if (box.left < frame.left - 1 || box.right > frame.right + 1
          || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
          cut.push(`${words(node)}: ${Math.round(box.left)}-${Math.round(box.right)}`);
      for (let at = node.parentElement; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (/hidden|clip/.test(style.overflowX + style.overflowY)
          && (at.scrollWidth > at.clientWidth + 1 || at.scrollHeight > at.clientHeight + 1))
          cut.push(`${words(node)} in ${name(at)}`);
      }
    }
    if (document.documentElement.scrollWidth > innerWidth)
      cut.push(`the page: ${document.documentElement.scrollWidth} of ${innerWidth}`);
    return cut;
  }

  // Text that lies on other text.
  function overlapping() {
    const lines = texts(document.querySelector("main"))
      .flatMap((node) => boxes(node).map((box) => ({ box, node })));
    return lines.flatMap((one, place) => lines.slice(place + 1).flatMap((other) => {
      const height = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      return width > 1 && height > Math.min(one.box.height, other.box.height) / 2
        ? [`${words(one.node)} and ${words(other.node)}`] : [];
    }));
  }

  // Setting.

  function badlySet(longest, least) {
    const bad = [];
    for (const block of all("main p, main li, main h1, main h2, main h3, main label, main legend")) {
      const style = getComputedStyle(block), size = parseFloat(style.fontSize);
      if (style.textAlign === "justify") bad.push(`justified: ${words(block)}`);
      const lines = new Map();
      for (const node of texts(block)) {
        const range = document.createRange();
        for (let at = 0; at < node.length; at += 1) {
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          const box = range.getBoundingClientRect();
          // Bold and plain words of one line differ by a pixel or two.
          if (box.width) {
            const line = Math.round((box.top + box.bottom) / 2 / size);
            lines.set(line, (lines.get(line) || 0) + 1);
          }
        }
      }
      const found = Math.max(0, ...lines.values());
      if (found > longest) bad.push(`${found} characters in a line: ${words(block)}`);
      if (!block.matches("p, li") || block.querySelector("p, li") || lines.size < 2) continue;
      const line = parseFloat(style.lineHeight), next = block.nextElementSibling;
      if (line / size < least - 0.01) bad.push(`lines stand close: ${words(block)}`);
      if (next && block.matches("p:not(.field *)") && next.matches("p")) {
        const step = next.getBoundingClientRect().top - block.getBoundingClientRect().bottom + line;
        if (step < 1.5 * line - 0.5) bad.push(`paragraphs stand close: ${words(block)}`);
      }
    }
    return bad;
  }

  function moving() {
    const bad = document.getAnimations().map((animation) => `animated: ${animation.id}`);
    for (const element of all("*")) {
      const style = getComputedStyle(element);
      if (/[1-9]/.test(style.transitionDuration) || style.animationName !== "none")
        bad.push(name(element));
      if (style.scrollBehavior !== "auto" && matchMedia("(prefers-reduced-motion)").matches)
        bad.push(`scrolls smoothly: ${name(element)}`);
    }
    return bad;
  }

  // Words, links and headings.

  // Those of the language menu lead to this page in another language, wherever one is.
  function links() {
    return all("a[href]:not([hreflang])").map((link) => ({
      words: words(link), address: link.getAttribute("href"), unseen: unseen(link) }));
  }

  // The words of `main` between one heading and the next.
  function stretches() {
    const found = [];
    for (const block of all("main :is(h1, h2, h3, p, li, legend, label)")) {
      if (block.matches("h1, h2, h3, legend") || !found.length) found.push("");
      else if (!block.querySelector("p, li")) found[found.length - 1] += ` ${words(block)}`;
    }
    return found.map((text) => text.trim().split(/\s+/).length);
  }

  // All that `main` shows.
  function text() {
    return document.querySelector("main").innerText;
  }

  // The keyboard.

  function stops() {
    const groups = new Set();
    return all(`:is(${CONTROLS}):not([tabindex="-1"])`).filter((element) => {
      if (element.type !== "radio") return true;
      const chosen = document.querySelector(`[name=${element.name}]:checked`);
      return chosen ? chosen === element : !groups.has(element.name) && groups.add(element.name);
    });
  }

  function watchFocus() {
    const seen = [];
    addEventListener("focusin", (event) => seen.push(event.target));
    return seen;
  }

  // Points of the focused element that another covers, or that are outside the window although the element would fit.
  // A textarea may reach outside: browsers only scroll its caret into view.
  function covered() {
    const focused = document.activeElement, found = [];
    for (const box of focused.getClientRects()) {
      const fits = focused.localName !== "textarea" && box.height < innerHeight / 2;
      const middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      for (const [x, y] of [
        middle,
        [middle[0], box.top + 1], [middle[0], box.bottom - 1],
        [box.left + 1, middle[1]], [box.right - 1, middle[1]],
      ]) {
        const top = document.elementFromPoint(x, y);
        if (top ? !focused.contains(top) && !top.contains(focused) : fits)
          found.push(`${name(focused)} at ${x}, ${y}: ${top && name(top)}`);
      }
    }
    return found;
  }

  // One of each kind of stop, by look and place.
  function kinds() {
    const found = new Map();
    for (const stop of stops()) {
      const region = stop.closest(".thumb-bar, .layout-head, .layout-menu, .layout-foot, .skip-links, main");
      const within = stop.closest(".knapper, .fare, .kontakt, .videre, .choice, .notice, .menu, .language-menu, .genveje");
      const look = [stop.localName, stop.type, stop.className, region?.className || region?.id,
                    within?.className, getComputedStyle(stop).backgroundColor];
      if (!unseen(stop)) found.set(look.join(), stop);
    }
    return [...found.values()];
  }

  // Pictures of the page, as PNG in base64.

  async function pixels(png) {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    return Array.from({ length: data.length / 4 }, (_, at) => [...data.slice(at * 4, at * 4 + 3)]);
  }

  async function changed(before, after, least) {
    const [one, other] = [await pixels(before), await pixels(after)];
    return one.filter((rgb, at) => ratio(rgb, other[at]) >= least).length;
  }

  async function standingOut(png, least) {
    const found = await pixels(png);
    return found.filter((rgb) => ratio(rgb, found[0]) >= least).length;
  }

  // What a reader takes along on paper, and what would be noise there.
  function print() {
    const bad = all("button, nav").map((element) => `printed: ${name(element)}`);
    for (const block of document.querySelectorAll("main :is(h1, h2, h3, p, li, label, legend)"))
      if (!block.closest(".knapper, [hidden], .unseen") && !block.checkVisibility())
        bad.push(`not printed: ${words(block)}`);
    const paper = document.body.innerText;
    for (const link of document.querySelectorAll("a[href^='tel:']"))
      if (!paper.includes(words(link).replace(/^\D+/, ""))) bad.push(`not printed: ${name(link)}`);
    for (const link of all("main a[href^='https:']"))
      if (!getComputedStyle(link, "::after").content.includes(link.getAttribute("href")))
        bad.push(`without its address: ${words(link)}`);
    return bad;
  }

  // What is at hand.

  function rectangles(selector) {
    return [...document.querySelectorAll(selector)]
      .map((element) => element.getBoundingClientRect());
  }

  // The place of what must never move: leave, call, write; the languages; the way home. On the page,
  // but for the bar; and whether there is something written here, which a way to write would lose.
  function places() {
    return {
      bar: rectangles(".thumb-bar > :is(.thumb-bar-leave, a)").map(({ x, y, width }) => [x, y, width]),
      // The language of the page is bold, and a little wider.
      languages: rectangles(".layout-languages .language-menu")
        .map(({ right, top, bottom }) => [right, top + scrollY, bottom + scrollY]),
      home: rectangles(".layout-mark").map(({ x, y, width }) => [x, y + scrollY, width]),
      written: document.querySelector("main :is(textarea, .receipt-number)") !== null,
    };
  }

  // How far the words of each button stand from its middle, across and down.
  function offCentre() {
    return [...document.querySelectorAll(".button")].flatMap((button) => {
      const box = button.getBoundingClientRect(), range = document.createRange();
      if (!box.width || button.closest(".unseen")) return [];
      range.selectNodeContents(button);
      const lines = [...range.getClientRects()].filter((line) => line.width > 1);
      const middle = (from, to) => (Math.min(...lines.map((line) => line[from]))
        + Math.max(...lines.map((line) => line[to]))) / 2;
      return [[words(button),
        Math.abs(middle("left", "right") - (box.left + box.right) / 2),
        Math.abs(middle("top", "bottom") - (box.top + box.bottom) / 2)]];
    });
  }

  // Whether the button of the bar is whole within the window with nothing on top of it, at the top
  // of the page, midway and at its end.
  function leavingInReach() {
    const height = document.body.scrollHeight, before = scrollY;
    const inReach = [0, height / 2, height].every((top) => {
      scrollTo({ top, behavior: "instant" });
      const button = document.querySelector(".thumb-bar .leave-button");
      const box = button.getBoundingClientRect();
      const inside = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight
        && box.right <= innerWidth && box.height >= 44;
      const points = [[.5, .5], [.05, .1], [.95, .1], [.05, .9], [.95, .9]];
      return inside && points.every(([x, y]) => button.contains(
        document.elementFromPoint(box.left + x * box.width, box.top + y * box.height)));
    });
    scrollTo({ top: before, behavior: "instant" });
    return inReach;
  }

  // How far down the window its middle is, from 0 to 1.
  function leavingDepth() {
    const [box] = rectangles(".thumb-bar .leave-button");
    return (box.top + box.bottom) / 2 / innerHeight;
  }

  return { text, links, stretches, stops, watchFocus, covered, width, kinds, changed, standingOut, print, faintText, faintEdges, smallTargets, touchingTargets, cutOff, overlapping, badlySet,
           moving, places, offCentre, leavingInReach, leavingDepth };
})();
