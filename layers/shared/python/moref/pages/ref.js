/* Mo-ref: carries a referral code from the landing URL (?ref=CODE) into your own form.
   <script src="https://YOUR-MOREF-ADDRESS/ref.js" async></script>
   - Each form's <input name="moref_ref"> is filled, or a hidden one added; <form data-moref="off"> is left alone.
   - <a data-moref-quote> leads to the quote form at Mo-ref.
   - Kept 90 days in a first-party cookie, "moref_ref", and for the visit in sessionStorage. Nothing is sent. */
(function () {
  "use strict";
  var KEY = "moref_ref", SHAPE = /^[0-9A-Za-z -]{11,16}$/;
  var script = document.currentScript;
  var home = script ? new URL(script.src, location.href).origin : "";
  function stored() {
    try { var kept = sessionStorage.getItem(KEY); if (kept) return kept; } catch (blocked) { /* private */ }
    var found = document.cookie.match(/(?:^|; )moref_ref=([^;]*)/);
    try { return found ? decodeURIComponent(found[1]) : ""; } catch (garbled) { return ""; }
  }
  var given = new URLSearchParams(location.search).get("ref");
  var code = SHAPE.test(given) ? given : stored(); // others use "ref", too
  if (!SHAPE.test(code)) return;
  try { sessionStorage.setItem(KEY, code); } catch (blocked) { /* the cookie is enough */ }
  document.cookie = KEY + "=" + encodeURIComponent(code) + "; Max-Age=7776000; Path=/; SameSite=Lax" +
    (location.protocol === "https:" ? "; Secure" : "");
  function fill() {
    document.querySelectorAll("form:not([data-moref=off])").forEach(function (form) {
      var field = form.querySelector("[name=moref_ref]");
      if (!field) {
        field = form.appendChild(document.createElement("input"));
        field.type = "hidden"; field.name = KEY;
      }
      field.value = code;
    });
    document.querySelectorAll("a[data-moref-quote]").forEach(function (link) {
      link.href = home + "/q/" + encodeURIComponent(code);
    });
  }
  document.addEventListener("submit", fill, true); // forms that came later
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", fill); else fill();
})();
