// The socket: what is said is kept until it is acknowledged, what is heard is asked for from the last number on.
const PAUSES = [500, 1000, 2000, 5000, 10000, 20000]; // ms before each new try, give or take a third
const KEPT = 30; // messages not acknowledged yet that outlive the page

class Wire {
  constructor(base, language, heard) {
    this.base = base;
    this.language = language;
    this.heard = heard; // (frame) and {t: "up"} | {t: "down"}
    this.place = `tierline-chat:${new URL(base).host}`;
    const kept = this.read();
    this.token = typeof kept.token === "string" ? kept.token : "";
    this.unsent = Array.isArray(kept.unsent) ? kept.unsent.filter((it) => it && typeof it.id === "string" && typeof it.text === "string") : [];
    this.seq = 0;
    this.tries = 0;
    this.socket = null;
    this.up = false;
    this.timer = 0;
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.place)) || {};
    } catch {
      return {}; // no storage here: the conversation lasts as long as the page
    }
  }

  keep() {
    try {
      localStorage.setItem(this.place, JSON.stringify({ token: this.token, unsent: this.unsent.slice(-KEPT) }));
    } catch {
      this.kept = false;
    }
  }

  get known() {
    return Boolean(this.token);
  }

  start() {
    if (this.socket) return;
    clearTimeout(this.timer);
    const socket = new WebSocket(`${this.base.replace(/^http/, "ws")}/chat/ws`);
    this.socket = socket;
    socket.onopen = () => this.send({ t: "hello", since: this.seq, own: true, language: this.language, ...(this.token ? { token: this.token } : {}) });
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = () => this.lost(socket);
  }

  lost(socket) {
    if (this.socket !== socket) return;
    this.socket = null;
    this.up = false;
    this.heard({ t: "down" });
    const pause = PAUSES[Math.min(this.tries++, PAUSES.length - 1)];
    this.timer = setTimeout(() => this.start(), pause * (0.67 + Math.random() * 0.66));
  }

  send(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  take(frame) {
    if (frame.t === "welcome") return this.welcomed(frame);
    if (frame.t === "ack") this.acknowledged(frame.id, frame.seq);
    if (frame.t === "message") {
      if (frame.seq <= this.seq) return undefined;
      this.seq = frame.seq;
      if (frame.from === "visitor") this.acknowledged(frame.id, frame.seq);
      else this.send({ t: "seen", seq: frame.seq });
    }
    if (frame.t === "error" && frame.after_s) setTimeout(() => this.again(frame.id), frame.after_s * 1000);
    else if (frame.t === "error" && frame.id) this.drop(frame.id);
    return this.heard(frame);
  }

  welcomed(frame) {
    // Another conversation than ours: our token has run out, and what we showed is another's past.
    const fresh = this.token && this.token.split(".")[1] !== frame.token.split(".")[1];
    if (fresh) this.seq = 0;
    this.token = frame.token;
    this.tries = 0;
    this.up = true;
    this.keep();
    this.heard({ ...frame, fresh });
    for (const it of this.unsent) this.send(it);
  }

  acknowledged(id, seq) {
    this.seq = Math.max(this.seq, seq);
    this.drop(id);
  }

  drop(id) {
    this.unsent = this.unsent.filter((it) => it.id !== id);
    this.keep();
  }

  again(id) {
    const it = this.unsent.find((one) => one.id === id);
    if (it && this.up) this.send(it);
  }

  say(frame) {
    const it = { ...frame, id: freshId() };
    this.unsent.push(it);
    this.keep();
    if (this.up) this.send(it);
    else this.start();
    return it;
  }

  async file(blob, name) {
    const form = new FormData();
    form.append("token", this.token);
    form.append("id", freshId());
    form.append("file", blob, name);
    const answer = await fetch(`${this.base}/chat/files`, { method: "POST", body: form, credentials: "omit" });
    return answer.ok ? 0 : answer.status;
  }
}

function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((it) => it.toString(16).padStart(2, "0")).join("");
}
