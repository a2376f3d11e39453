// One script tag of type "module" whose src is /chat/widget.js of a Tierline; /chat/embed says how.
// data-language="de", data-theme="light" or "dark", data-open: all optional, and nothing but these words counts.
const HERE = new URL(import.meta.url);
const tag = [...document.querySelectorAll("script[src]")].find((it) => it.src.split("?")[0] === HERE.href.split("?")[0]);
const wish = (name) => tag?.getAttribute(`data-${name}`) || "";

async function begin() {
  if (document.querySelector("[data-tierline-chat]")) return; // the tag stands there twice
  const answer = await fetch(`${HERE.origin}/chat/face`, { credentials: "omit" });
  if (!answer.ok) return; // the chat is off, or this page isn't one of the plan's
  const face = await answer.json();
  const language = chooseLanguage([wish("language"), document.documentElement.lang, ...navigator.languages], face.languages);
  const theme = ["light", "dark"].includes(wish("theme")) ? wish("theme") : "";
  const wire = new Wire(HERE.origin, language, (frame) => hear(frame));
  let standing = { open: face.open, next_open: face.next_open, phase: "", contact: "" };
  const said = (frame) => view.line("visitor", { key: frame.id, text: frame.text, pending: true });
  const view = new View(face, language, theme, {
    opened: () => wire.start(),
    write: (text) => said(wire.say({ t: "say", text })),
    leave: (it) => said(wire.say({ t: "leave", ...it })),
    rate: (value) => wire.send({ t: "rate", value }),
    end: () => wire.send({ t: "end" }),
    mail: (to) => wire.send({ t: "mail", to }),
    file: (file) => sendFile(file),
  });

  async function sendFile(file) {
    if (file.size > LARGEST_FILE) return view.tell(view.say("tooLarge"), true);
    view.tell(view.say("sending"));
    const refused = await wire.file(file, file.name).catch(() => 1);
    return refused ? view.tell(view.say(FILE_REFUSALS[refused] || "fileFailed"), true) : view.stand(standing);
  }

  function stands(frame) {
    standing = { ...standing, ...frame };
    view.stand(standing);
  }

  function hear(frame) {
    switch (frame.t) {
      case "welcome":
        if (frame.fresh) view.forget();
        wire.unsent.forEach(said);
        return stands({ ...frame, typing: false });
      case "state":
        return stands(frame);
      case "ack":
        return acknowledged(frame.id);
      case "message":
        return view.line(frame.from, { ...frame, key: frame.id || `seq:${frame.seq}` });
      case "end":
        return view.tell(view.say("ended"));
      case "rated":
        return view.tell(view.say("rated"));
      case "mailed":
        return view.tell(view.say("mailed", { to: frame.to }));
      case "error":
        return view.tell(view.say(refusal(frame.code)), !frame.after_s);
      case "down":
        return view.tell(view.say("offline"), true);
      default:
        return undefined;
    }
  }

  function acknowledged(id) {
    const item = view.shown.get(id);
    if (!item) return;
    item.classList.remove("pending");
    item.querySelector(".who").textContent = `${view.say("you")} ${when(new Date().toISOString(), language)}`;
  }

  view.stand(standing);
  if (wire.known) wire.start(); // they were here before: what was said meanwhile is counted on the button
  if (tag?.hasAttribute("data-open")) view.toggle(true);
}

begin();
