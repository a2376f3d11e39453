// The sandbox's clock, and how instants and spans read. Everything shown is sandbox time, in the site's zone.

let offset = 0;
let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Sets the clock from `/state`: `iso` is the sandbox's time at this moment, `tz` the site's zone if it says so. */
export function setClock(iso, tz) {
  const there = Date.parse(iso);
  if (Number.isFinite(there)) offset = there - Date.now();
  if (tz) zone = tz;
}

export const now = () => Date.now() + offset;
export const moved = () => Math.abs(offset) > 5000;

/** Milliseconds since the epoch, from ISO text, seconds, or a Slack `ts`; NaN where there is nothing to read. */
export function at(value) {
  if (value === null || value === undefined || value === "") return NaN;
  if (typeof value === "number") return value < 1e12 ? value * 1000 : value;
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value);
}

const made = new Map();
function format(options, value, fallback = "") {
  if (!Number.isFinite(value)) return fallback;
  const key = JSON.stringify(options) + zone;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }));
  return made.get(key).format(value);
}

export const hm = (v) => format({ hour: "2-digit", minute: "2-digit" }, at(v));
export const hms = (v) => format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }, at(v));
export const day = (v) => format({ weekday: "short", day: "numeric", month: "short" }, at(v));
export const dayHm = (v) => format({ weekday: "short", hour: "2-digit", minute: "2-digit" }, at(v));
export const full = (v) => format({ weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" }, at(v));
export const parts = (options, v) => format(options, at(v));

/** "14:05" today, "Sat 03:00" within the week, "12 Oct 03:00" beyond. */
export function when(v) {
  const t = at(v);
  if (!Number.isFinite(t)) return "";
  if (day(t) === day(now())) return hm(t);
  return Math.abs(t - now()) < 6 * 864e5 ? dayHm(t) : format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, t);
}

/** A span in the shortest words: "8 s", "1:42", "2 h 05", "3 d". */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(s / 86400)} d`;
}

/** A span of a promise: "90 s", "10 min", "4 h". */
export function words(ms) {
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${+(s / 3600).toFixed(1)} h`;
}

function wall(ms) {
  const f = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  const p = Object.fromEntries(f.formatToParts(ms).map((x) => [x.type, Number(x.value)]));
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second);
}

/** The instant at which the site's wall clock shows `y-m-d h:m` (the later one where a clock change makes two). */
function instant(wanted) {
  let guess = wanted;
  for (let i = 0; i < 3; i++) guess += wanted - wall(guess);
  return guess;
}

/** The next `weekday` (0 = Sunday) at `hour` o'clock of the site's zone, as ISO text. */
export function nextWeekday(weekday, hour) {
  const here = new Date(wall(now()));
  const target = new Date(Date.UTC(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate(), hour));
  while (target.getUTCDay() !== weekday || target.getTime() <= here.getTime()) target.setUTCDate(target.getUTCDate() + 1);
  return new Date(instant(target.getTime())).toISOString();
}

/** What a `datetime-local` field holds, read on the site's wall clock; and the reverse. */
export const fromField = (text) => new Date(instant(Date.parse(`${text}:00Z`))).toISOString();
export const toField = (ms) => new Date(wall(ms)).toISOString().slice(0, 16);
export const zoneName = () => zone;
