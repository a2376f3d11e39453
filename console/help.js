// The search of the help page as one types; without this script its button does the same.
const box = document.getElementById("q");
const shown = document.getElementById("results");
if (box && shown) {
  let wait = 0;
  let latest = 0;
  const look = async () => {
    const mine = ++latest;
    const at = new URL("/help", location.href);
    at.searchParams.set("q", box.value);
    at.searchParams.set("l", document.documentElement.lang);
    const here = String(at);
    at.searchParams.set("part", "1");
    try {
      const answer = await fetch(at);
      const html = await answer.text();
      if (mine !== latest) return; // a later one is on its way
      shown.innerHTML = html; // escaped where it is made
      history.replaceState(null, "", here);
    } catch {
      // the line is gone: the button says so in the browser's own words
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(look, 150);
  });
}
document.getElementById("chat")?.addEventListener("click", () => dispatchEvent(new Event("tierline:open")));
