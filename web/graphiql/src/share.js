// Links that carry a query: packed into the fragment, which a browser never sends, so a link leaves no trace in a log.
// Headers and the API key are no part of it.
const PREFIX = '#q=';

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

export async function shareLink({ query, variables, operationName }) {
  const text = JSON.stringify({ q: query, v: variables || undefined, n: operationName || undefined });
  const packed = await through(new TextEncoder().encode(text), new CompressionStream('deflate-raw'));
  const base64 = btoa(String.fromCharCode(...packed));
  const base64url = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return location.origin + location.pathname + PREFIX + base64url;
}

// What the address carries, or null. The fragment is dropped once read: what follows are the reader's own edits.
export async function takeShared() {
  if (!location.hash.startsWith(PREFIX)) return null;
  const base64 = location.hash.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/');
  history.replaceState(null, '', location.pathname + location.search);
  try {
    const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const text = new TextDecoder().decode(await through(packed, new DecompressionStream('deflate-raw')));
    const { q, v } = JSON.parse(text);
    return typeof q === 'string' ? { query: q, variables: typeof v === 'string' ? v : '' } : null;
  } catch {
    return null;
  }
}
