// What the server has written, as it stands.  chunk: { html }, made of escaped text alone.

export const start = () => ({ html: "" });
export function apply(data, chunk) {
  if (chunk.html != null) data.html = chunk.html;
}
export function render(slot, { html }) {
  if (slot.innerHTML !== html) slot.innerHTML = html;
}
