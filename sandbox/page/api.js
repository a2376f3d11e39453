// The only way out of this page: the sandbox's API and the product's own, both as any script would use them.

import { toast } from "./toast.js";

/** A refusal or a broken line, in words: `message` says what, `hint` what to do. */
export class Trouble extends Error {
  constructor(message, hint = "", status = 0) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

async function call(path, body, kind = "application/json") {
  const options = { cache: "no-store", signal: AbortSignal.timeout(body === undefined ? 15000 : 60000) };
  if (body !== undefined) {
    options.method = "POST";
    options.body = kind === "application/json" ? JSON.stringify(body) : body;
    options.headers = { "Content-Type": kind };
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Trouble("The sandbox doesn't answer.", "Is `tierline sandbox` still running? The page reconnects by itself.");
  }
  const text = await answer.text();
  let data = null;
  try { data = text ? JSON.parse(text) : null; } catch { data = { error: text.slice(0, 200) }; }
  if (!answer.ok) {
    const error = typeof data?.error === "string" ? data.error : data?.error?.message;
    throw new Trouble(error || `${path} answered ${answer.status}.`, data?.hint || data?.error?.hint || "", answer.status);
  }
  return data;
}

const query = (params) => Object.entries(params ?? {}).filter(([, v]) => v !== undefined && v !== "")
  .map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join("&");
const join = (path, params) => (params ? `${path}?${query(params)}` : path);

export const stage = (path, params) => call(join(`/sandbox/api${path}`, params));
export const product = (path, params) => call(join(`/product/api/v1${path}`, params));

/** POSTs what a person did. Trouble becomes a toast and `null`, so a caller needs to look only at success. */
export const act = (path, body) => tried(path, body);
/** The same for a mail's own bytes. */
export const actRaw = (path, text) => tried(path, text, "message/rfc822");

async function tried(path, body, kind) {
  try {
    return (await call(`/sandbox/api${path}`, body, kind)) ?? {};
  } catch (trouble) {
    toast(trouble.message, trouble.hint, "bad");
    return null;
  }
}
