// A description of the page is compared with the page, and only what differs is touched: focus, selection,
// scroll and half-typed words survive every update. Text only ever becomes text nodes; there is no innerHTML.

const SVG = "http://www.w3.org/2000/svg";
let mounted = [];

/** Describes an element. `key` keeps identity in a list, `ref` is called once with the connected element,
 *  `initial` is an input's first value, `style` an object of CSS properties. */
export function h(tag, props, ...kids) {
  return { tag, props: props ?? {}, kids: flat(kids, []), key: props?.key };
}

function flat(list, out) {
  for (const kid of list) {
    if (Array.isArray(kid)) flat(kid, out);
    else if (kid !== null && kid !== undefined && kid !== "" && typeof kid !== "boolean") out.push(typeof kid === "object" ? kid : String(kid));
  }
  return out;
}

/** Makes `host`'s children what `kids` describe. */
export function render(host, kids) {
  const active = document.activeElement;
  const path = [];
  for (let el = active; el && el !== document.body; el = el.parentElement) path.push(el);
  patchKids(host, flat([kids], []), null);
  const calls = mounted;
  mounted = [];
  for (const [ref, el] of calls) ref(el);
  if (!path.length || document.activeElement === active) return;
  if (active.isConnected) active.focus({ preventScroll: true });
  else if (document.activeElement === document.body) keepPlace(path);
}

// What had the focus is gone (an accepted offer's button): stay near, or a keyboard user starts over at the top.
function keepPlace(path) {
  const near = path.find((el) => el.isConnected && el.id !== "app");
  if (!near) return;
  if (!near.hasAttribute("tabindex")) near.setAttribute("tabindex", "-1");
  near.focus({ preventScroll: true });
}

function patchKids(el, kids, ns) {
  const keyed = new Map();
  const loose = [];
  for (const node of el.childNodes) {
    if (node.vnode?.key !== undefined) keyed.set(node.vnode.key, node);
    else loose.push(node);
  }
  let from = 0;
  const next = kids.map((kid) => {
    let found;
    if (kid.key !== undefined) {
      found = keyed.get(kid.key);
      keyed.delete(kid.key);
    } else {
      const at = loose.findIndex((node, i) => i >= from && same(node, kid));
      if (at >= 0) { found = loose[at]; from = at + 1; }
    }
    if (!found || !same(found, kid)) return create(kid, ns);
    update(found, kid, ns);
    return found;
  });
  const wanted = new Set(next);
  for (const node of [...el.childNodes]) if (!wanted.has(node)) node.remove();
  next.forEach((node, i) => {
    if (el.childNodes[i] !== node) el.insertBefore(node, el.childNodes[i] ?? null);
  });
}

function same(node, kid) {
  return typeof kid === "string" ? node.nodeType === 3 : node.vnode?.tag === kid.tag;
}

function create(kid, ns) {
  if (typeof kid === "string") return document.createTextNode(kid);
  const inner = kid.tag === "svg" ? SVG : ns;
  const el = inner ? document.createElementNS(inner, kid.tag) : document.createElement(kid.tag);
  el.vnode = { tag: kid.tag, props: {}, key: kid.key };
  update(el, kid, ns);
  if (kid.props.initial !== undefined) el.value = kid.props.initial;
  if (kid.props.ref) mounted.push([kid.props.ref, el]);
  return el;
}

function update(node, kid, ns) {
  if (typeof kid === "string") {
    if (node.data !== kid) node.data = kid;
    return;
  }
  const old = node.vnode.props;
  patchKids(node, kid.kids, kid.tag === "svg" ? SVG : ns);
  for (const name in old) if (!(name in kid.props)) setProp(node, name, null, old[name]);
  for (const name in kid.props) setProp(node, name, kid.props[name], old[name]);
  node.vnode = { tag: kid.tag, props: kid.props, key: kid.key };
}

function setProp(el, name, value, before) {
  if (name === "key" || name === "ref" || name === "initial") return;
  if (name.startsWith("on")) return listen(el, name.slice(2), value);
  if (name === "style") {
    for (const [k, v] of Object.entries(value ?? {})) if (before?.[k] !== v) el.style.setProperty(k, v);
    return;
  }
  if (name === "value" || name === "checked") {
    if (el[name] !== value) el[name] = value ?? (name === "value" ? "" : false);
    return;
  }
  if (value === before) return;
  if (value === null || value === undefined || value === false) {
    if (name.startsWith("aria-") && value === false) el.setAttribute(name, "false");
    else el.removeAttribute(name);
  } else el.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
}

function listen(el, type, call) {
  el.calls ??= {};
  if (!(type in el.calls)) el.addEventListener(type, (event) => el.calls[type]?.(event));
  el.calls[type] = call;
}

let said = 0;
/** Reads `text` out to whoever listens instead of looking; the element is emptied so that a repeat is heard too. */
export function announce(text) {
  const box = document.getElementById("say");
  box.textContent = text;
  const mine = ++said;
  setTimeout(() => { if (mine === said) box.textContent = ""; }, 4000);
}
