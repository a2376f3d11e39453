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

// The chat is fetched when somebody wants it, and not before.
const nonce = document.currentScript.nonce;
document.getElementById("chat")?.addEventListener("click", (press) => {
  press.currentTarget.disabled = true; // it is there now, at the page's corner
  const chat = document.createElement("script");
  chat.type = "module";
  chat.nonce = nonce;
  chat.src = "/chat/widget.js";
  chat.dataset.open = "yes";
  chat.dataset.language = document.documentElement.lang;
  document.body.append(chat);
});
