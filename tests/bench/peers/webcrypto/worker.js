// Verification of a token by WebCrypto, from JavaScript: header, key, signature, and the claims that decide. Keys are
// imported once.
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const ALGORITHMS = {
  EdDSA: { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' } },
  HS256: { import: { name: 'HMAC', hash: 'SHA-256' }, verify: { name: 'HMAC' } },
};
let keys;

function bytes(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

async function readKeys(text) {
  const imported = new Map();
  for (const { kid, kty, crv, k, x, alg } of JSON.parse(text).keys) {
    const jwk = kty === 'oct' ? { kty, k } : { kty, crv, x };
    imported.set(kid, { alg, key: await crypto.subtle.importKey('jwk', jwk, ALGORITHMS[alg].import, false, ['verify']) });
  }
  return imported;
}

async function verified(token) {
  const [header, payload, signature] = token.split('.');
  const { alg, kid } = JSON.parse(decoder.decode(bytes(header)));
  const known = keys.get(kid);
  if (known?.alg !== alg) return null;
  const message = encoder.encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify(ALGORITHMS[alg].verify, known.key, bytes(signature), message))) return null;
  const claims = JSON.parse(decoder.decode(bytes(payload)));
  const holds = claims.exp > Date.now() / 1000 && claims.iss === 'drawbridge' && claims.aud === 'drawbridge-api';
  return holds ? claims : null;
}

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export default {
  async fetch(request, env) {
    keys ??= await readKeys(env.JWT_KEYS);
    const token = (request.headers.get('authorization') ?? '').slice('Bearer '.length);
    const claims = await verified(token);
    if (!claims) return new Response('{"success":false}', { status: 401, headers });
    const { user_id, role, exp } = claims;
    return new Response(JSON.stringify({ success: true, data: { valid: true, user_id, role, expires_in: exp } }), { headers });
  },
};
