// What a mail program writes: a whole mail as bytes (RFC 5322), all of it ASCII, from what stands in its form.

const bytes = (text) => new TextEncoder().encode(text);
const base64 = (raw) => btoa(Array.from(raw, (b) => String.fromCharCode(b)).join(""));
const wrapped = (text) => text.match(/.{1,76}/g)?.join("\r\n") ?? "";
const oneLine = (text) => String(text).replace(/[\r\n\0]+/g, " ").trim();

/** Words in a header: as they are, or encoded in pieces that no program has to fold (RFC 2047). */
export function words(text) {
  const line = oneLine(text);
  if (/^[\x20-\x7e]*$/.test(line) && !line.includes("=?") && line.length < 60) return line;
  const pieces = [""];
  for (const c of line) {
    if (bytes(pieces.at(-1) + c).length > 42) pieces.push("");
    pieces[pieces.length - 1] += c;
  }
  return pieces.map((it) => `=?utf-8?B?${base64(bytes(it))}?=`).join("\r\n ");
}

const part = (headers, body) => `${headers.join("\r\n")}\r\n\r\n${body}`;
const textPart = (text) => part(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"], wrapped(base64(bytes(text.replace(/\r?\n/g, "\r\n")))));
const filePart = (file) => part([`Content-Type: ${/^[\w.+-]+\/[\w.+-]+$/.test(file.type) ? file.type : "application/octet-stream"}`, "Content-Transfer-Encoding: base64",
  `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(file.name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`], wrapped(file.base64));

/** The mail: `from` {name, mail}, `answers` the mail that it answers, or nothing, `files` [{name, type, base64}], `at` an instant. */
export function mail({ from, to, subject, text, answers, files, at }) {
  const id = `<${Date.now().toString(36)}.${Math.random().toString(36).slice(2)}@${from.mail.split("@").at(-1)}>`;
  const refs = answers ? [...(answers.references ?? []), answers.message_id].filter(Boolean).slice(-10) : [];
  const headers = [`From: ${words(from.name)} <${from.mail}>`, `To: ${oneLine(to)}`, `Subject: ${words(subject)}`, `Date: ${new Date(at).toUTCString().replace("GMT", "+0000")}`, `Message-ID: ${id}`,
    ...(answers?.message_id ? [`In-Reply-To: ${oneLine(answers.message_id)}`, `References: ${refs.map(oneLine).join("\r\n ")}`] : []), "MIME-Version: 1.0"];
  if (!files.length) return `${headers.join("\r\n")}\r\n${textPart(text)}\r\n`;
  const edge = `=_${Math.random().toString(36).slice(2)}`;
  const inside = [textPart(text), ...files.map(filePart)].map((it) => `--${edge}\r\n${it}\r\n`).join("");
  return `${headers.join("\r\n")}\r\nContent-Type: multipart/mixed; boundary="${edge}"\r\n\r\n${inside}--${edge}--\r\n`;
}

/** "Name <mail>" as its two halves. */
export function halves(text) {
  const found = /^\s*(.*?)\s*<([^<>]*)>\s*$/.exec(text ?? "");
  return found ? { name: found[1].replace(/^"|"$/g, ""), mail: found[2] } : { name: "", mail: String(text ?? "").trim() };
}

const quoted = (m) => `\n\n${m.date || m.at}, ${halves(m.from).name || halves(m.from).mail}:\n${m.text.trimEnd().split("\n").map((it) => `> ${it}`).join("\n")}\n`;

/** A draft that answers `m`. */
export const reply = (m) => ({ to: halves(m.reply_to || m.from).mail, subject: /^re:/i.test(m.subject) ? m.subject : `Re: ${m.subject}`, text: quoted(m), answers: m, files: [] });
/** A draft that sends `m` on. */
export const forward = (m, to) => ({ to, subject: `Fwd: ${m.subject}`, text: quoted(m), answers: null, files: [] });
