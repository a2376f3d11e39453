// Files both ways: what a person attaches to the message being written, and what stands beneath one that was sent.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { draw, s } from "./state.js";
import { toast } from "./toast.js";

const LARGEST = 10 * 1024 * 1024; // bytes of one message's files: as base64 that is the most the stage takes
const MOST = 10;
const DRAWN = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** A size as people say it. */
export const sized = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

const read = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result).split(",").at(-1));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

/** Attaches these files (a FileList) to what is being written. */
export async function attach(list) {
  for (const file of list) {
    const sum = s.slack.files.reduce((all, it) => all + it.size, file.size);
    if (!file.size) toast(`${file.name} is empty.`, "Slack takes no file without bytes.", "bad");
    else if (s.slack.files.length >= MOST) return toast("Ten files are the most in one message.", "Send these first.", "bad");
    else if (sum > LARGEST) return toast(`${file.name} makes it too large.`, `The stage takes ${sized(LARGEST)} in one message.`, "bad");
    else {
      try {
        const base64 = await read(file);
        s.slack.files = [...s.slack.files, { name: file.name || "pasted.png", size: file.size, base64 }];
      } catch {
        toast(`${file.name} can't be read.`, "Choose it again.", "bad");
      }
    }
  }
  draw();
}

/** What is attached and not sent yet. */
export function attached() {
  if (!s.slack.files.length) return null;
  return h("ul", { class: "attached", key: "attached", "aria-label": "Attached files" }, s.slack.files.map((file, i) => h("li", { key: `${i}${file.name}` }, h("span", { class: "attached-name" }, file.name), h("span", { class: "num" }, sized(file.size)),
    h("button", { type: "button", class: "icon", "aria-label": `Don't send ${file.name}`, onclick: () => { s.slack.files = s.slack.files.filter((it) => it !== file); draw(); document.getElementById("slack-text")?.focus(); } }, "×"))));
}

/** The button that opens the system's own choice of files. */
export const attachButton = () => h("label", { class: "icon attach", title: "Attach files" }, h("span", { class: "sr" }, "Attach files"), icon("attach"),
  h("input", { type: "file", multiple: true, class: "sr", id: "slack-files", onchange: (e) => { attach([...e.target.files]); e.target.value = ""; document.getElementById("slack-text")?.focus(); } }));

const address = (f) => `/sandbox/api/slack/file?user=${encodeURIComponent(s.slack.who)}&file=${encodeURIComponent(f.id)}`;

/** The files of a message, pictures drawn and all else to be downloaded. */
export function filesOf(m) {
  if (!m.files?.length || m.deleted) return null;
  return h("ul", { class: "files", "aria-label": "Files" }, m.files.map((f) => {
    const name = f.title || f.name || "file";
    const picture = DRAWN.has(f.mimetype);
    return h("li", { key: f.id ?? name, class: picture ? "file picture" : "file" }, h("a", { href: address(f), target: "_blank", rel: "noopener", download: picture ? null : name },
      picture ? h("img", { src: address(f), alt: name, loading: "lazy" }) : h("span", { class: "file-icon", "aria-hidden": "true" }, (f.filetype ?? "file").slice(0, 4)),
      h("span", { class: "file-name" }, name, h("span", { class: "num" }, sized(f.size ?? 0)))));
  }));
}
