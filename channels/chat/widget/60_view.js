// The widget on the page: a button, and a panel with the conversation, all inside a shadow root of its own.
const LARGEST_FILE = 5 * 1024 * 1024;

class View {
  constructor(face, language, theme, acts) {
    this.say = speaker(language);
    this.language = language;
    this.acts = acts; // write(text), leave({…}), file(file), rate(value), end(), mail(to), opened()
    this.unread = 0;
    this.shown = new Map(); // id or "seq:n" → its line
    this.host = make("div", { "data-tierline-chat": "" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    const shadow = this.host.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    this.root = make("div", { class: `root ${theme}`, lang: language });
    const colour = /^#[0-9a-f]{6}$/i.test(face.colour) ? face.colour : "#0b57d0";
    this.root.style.setProperty("--colour", colour);
    this.root.style.setProperty("--colour-ink", inkOn(colour));
    this.root.append(this.panelOf(face), this.launcherOf());
    shadow.append(this.root);
    if (face.hello[language] || this.say("hello")) this.line("system", { text: face.hello[language] || this.say("hello") });
    document.body.append(this.host);
  }

  launcherOf() {
    this.badge = make("span", { class: "badge", hidden: true });
    this.launcher = make("button", {
      type: "button", class: "launcher", "aria-label": this.say("open"), "aria-expanded": "false", "aria-controls": "tierline-panel",
      on: { click: () => this.toggle() },
    }, icon("chat"), this.badge);
    return this.launcher;
  }

  panelOf(face) {
    const title = face.title[this.language] || this.say("title");
    this.menu = make("div", { class: "menu", hidden: true, id: "tierline-menu" },
      face.mails && this.mailForm(),
      make("button", { type: "button", class: "plain", text: this.say("end"), on: { click: () => { this.toggleMenu(); this.acts.end(); } } }));
    this.more = iconButton("more", this.say("options"), () => this.toggleMenu(), { "aria-expanded": "false", "aria-controls": "tierline-menu" });
    this.status = make("p", { class: "status", role: "status" });
    this.log = make("ul", { class: "log", tabindex: "0" });
    const live = make("div", { role: "log", "aria-live": "polite", "aria-label": this.say("log"), class: "live" }, this.log);
    this.writing = this.writingForm();
    this.leaving = this.leavingForm();
    this.panel = make("section", {
      class: "panel", id: "tierline-panel", role: "dialog", "aria-label": title, hidden: true,
      on: { keydown: (event) => { if (event.key === "Escape") { event.stopPropagation(); this.toggle(false); } } },
    },
    make("div", { class: "head" }, make("h2", { text: title }), this.more, iconButton("close", this.say("close"), () => this.toggle(false))),
    this.menu, this.status, live, this.leaving, this.writing);
    return this.panel;
  }

  writingForm() {
    this.field = make("textarea", {
      rows: 1, maxlength: 10000, "aria-label": this.say("message"), placeholder: this.say("message"), autocomplete: "off",
      on: {
        input: () => this.grow(),
        keydown: (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.write(); } },
      },
    });
    const file = make("input", { type: "file", hidden: true, tabindex: "-1", "aria-hidden": "true", on: { change: () => this.chosen(file) } });
    return make("form", { on: { submit: (event) => { event.preventDefault(); this.write(); } } },
      file, iconButton("clip", this.say("attach"), () => file.click()), this.field,
      make("button", { type: "submit", class: "icon send", "aria-label": this.say("send"), title: this.say("send") }, icon("send")));
  }

  leavingForm() {
    const input = (name, type, autocomplete) => make("input", { name, type, autocomplete, maxlength: 200 });
    const name = input("name", "text", "name"), reach = input("reach", "text", "email"), text = make("textarea", { name: "text", rows: 3, maxlength: 10000, required: true });
    reach.required = true;
    const form = make("form", { class: "column", hidden: true, on: { submit: (event) => {
      event.preventDefault();
      if (!text.value.trim()) return;
      this.acts.leave({ name: name.value, reach: reach.value, text: text.value });
      form.reset();
      this.left = true;
      this.mode(false);
      this.field.focus();
    } } },
    make("label", { text: `${this.say("name")} (${this.say("optional")})` }, name),
    make("label", { text: this.say("reach") }, reach), make("label", { text: this.say("message") }, text),
    make("button", { type: "submit", class: "primary", text: this.say("leaveSend") }));
    return form;
  }

  mailForm() {
    const to = make("input", { type: "email", required: true, autocomplete: "email", "aria-label": this.say("mailTo"), placeholder: this.say("mailTo") });
    return make("form", { on: { submit: (event) => { event.preventDefault(); this.acts.mail(to.value); } } },
      to, make("button", { type: "submit", class: "plain", text: this.say("mail") }));
  }

  // ---- what people do

  toggle(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.root.classList.toggle("open", open);
    this.launcher.setAttribute("aria-expanded", String(open));
    this.launcher.setAttribute("aria-label", this.say(open ? "close" : "open"));
    if (!open) return this.launcher.focus();
    this.count(0);
    this.acts.opened();
    this.log.scrollTop = this.log.scrollHeight;
    return (this.leaving.hidden ? this.field : this.leaving.elements[0]).focus();
  }

  toggleMenu() {
    this.menu.hidden = !this.menu.hidden;
    this.more.setAttribute("aria-expanded", String(!this.menu.hidden));
  }

  write() {
    const text = this.field.value;
    if (!text.trim()) return;
    this.field.value = "";
    this.grow();
    this.acts.write(text);
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(130, this.field.scrollHeight + 2)}px`;
  }

  chosen(input) {
    const file = input.files[0];
    input.value = "";
    if (file) this.acts.file(file);
  }

  // ---- what is shown

  // A line of the conversation; `key` shows the same line anew.
  line(from, { key, text, name, at, files, pending, asks, choices }) {
    if (!this.shown.has(key) && (from !== "system" || choices)) this.clearChoices(); // what is said after a question ends its choice
    const who = from === "visitor" ? this.say(pending ? "sending" : "you") : name || "";
    const stamp = at ? ` ${when(at, this.language)}` : "";
    const bubble = make("span", { class: "bubble" }, ...linked(text || ""),
      ...(files || []).flatMap((it) => [document.createElement("br"), it.url ? link(it.url, it.name || this.say("file")) : document.createTextNode(it.name || this.say("file"))]));
    const item = make("li", { class: `${from}${pending ? " pending" : ""}` }, make("span", { class: "who", text: `${who}${stamp}` }), bubble, asks && this.rating(), choices?.length > 0 && this.choices(choices));
    const before = key && this.shown.get(key);
    if (before) before.replaceWith(item);
    else this.log.append(item);
    if (key) this.shown.set(key, item);
    this.log.scrollTop = this.log.scrollHeight;
    if (from !== "visitor" && at && this.panel.hidden) this.count(this.unread + 1);
  }

  // Answers to choose among, or to write any other.
  choices(labels) {
    const row = make("div", { class: "choices", role: "group", "aria-label": this.say("answers") });
    for (const label of labels) {
      row.append(make("button", { type: "button", text: label, on: { click: () => { this.acts.write(label); this.field.focus(); } } }));
    }
    return row;
  }

  clearChoices() {
    for (const row of this.log.querySelectorAll(".choices")) row.remove();
  }

  rating() {
    const row = make("div", { class: "rating", role: "group", "aria-label": this.say("rate") });
    for (const value of [1, 2, 3, 4, 5]) {
      row.append(make("button", { type: "button", text: String(value), "aria-pressed": "false", on: { click: (event) => {
        for (const it of row.children) it.setAttribute("aria-pressed", String(it === event.currentTarget));
        this.acts.rate(value);
      } } }));
    }
    return row;
  }

  forget() {
    this.log.replaceChildren();
    this.shown.clear();
  }

  count(n) {
    this.unread = n;
    this.badge.hidden = !n;
    this.badge.textContent = n ? String(n) : "";
    if (this.panel.hidden) this.launcher.setAttribute("aria-label", n ? `${this.say("open")}, ${this.say("unread", { n })}` : this.say("open"));
  }

  tell(text, bad = false) {
    this.status.textContent = text;
    this.status.classList.toggle("bad", bad);
  }

  // How it stands, in a line; whoever comes while it is closed leaves a message.
  stand(it) {
    if (this.phase === "asked" && it.phase !== "asked") this.clearChoices();
    this.phase = it.phase;
    this.mode(!it.open && !it.contact && !["asked", "waiting", "active"].includes(it.phase) && !this.left);
    this.tell(this.standing(it));
  }

  standing(it) {
    const agent = it.agent || this.say("team");
    if (it.typing && it.phase === "active") return this.say("typing", { agent });
    if (it.phase === "active") return this.say("active", { agent });
    if (it.phase === "asked") return this.say("asked");
    const hours = it.open ? "" : `${this.say("closed")} ${it.next_open ? this.say("opens", { when: when(it.next_open, this.language) }) : ""}`;
    if (it.phase === "waiting") {
      if (!it.open) return `${this.say("left")} ${hours}`;
      if (it.staffed === false) return this.say("nobody");
      const place = it.position > 1 ? this.say("waiting", { n: it.position }) : it.position === 1 ? this.say("next") : this.say("received");
      return it.estimate_s ? `${place} ${this.say("soon", { m: Math.max(1, Math.ceil(it.estimate_s / 60)) })}` : place;
    }
    if (hours) return `${hours} ${this.leaving.hidden ? "" : this.say("leave")}`;
    return it.phase === "ended" ? this.say("ended") : "";
  }

  mode(leaving) {
    this.leaving.hidden = !leaving;
    this.writing.hidden = leaving;
  }
}
