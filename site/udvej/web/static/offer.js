// Show an offer to readers whose browser prefers another language; nothing is sent or stored.
(function (page) {
  var wanted = navigator.languages || [];
  for (var i = 0; i < wanted.length; i++) {
    var language = wanted[i].split("-")[0];
    if (language === page.documentElement.lang.split("-")[0]) return;
    var offer = page.querySelector(".language-offer[lang|='" + language + "']");
    if (offer) {
      offer.hidden = false;
      return;
    }
  }
})(document);
