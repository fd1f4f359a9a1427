// Leaving needs none of this. With it the page is blank at once,
// and three presses of Shift, with no other key between, leave too.
(function (page) {
  var leave = "/forlad/", presses = [];

  function blank() {
    var word = page.createElement("p");
    word.setAttribute("role", "alert");
    page.body.style.display = "none";
    page.documentElement.appendChild(word);
    // Set after insertion: some screen readers announce an alert only when its text changes.
    word.textContent = page.body.getAttribute("data-wait");
  }

  page.addEventListener("submit", function (event) {
    if (event.target.getAttribute("action") === leave) blank();
  });

  page.addEventListener("keydown", function (event) {
    if (event.repeat) return;
    if (event.keyCode !== 16) {
      presses = [];
      return;
    }
    var now = Date.now();
    presses.push(now);
    presses = presses.slice(-3);
    if (presses.length === 3 && now - presses[0] < 5000) {
      blank();
      page.getElementById("forlad").submit();
    }
  });
})(document);
