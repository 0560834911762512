// What the edge does for an authenticated call, with Hono and jose: the token is verified, the session looked for in
// the isolate's memory, and a small JSON says so. In its favour: keys are imported once, and liveness never ages.
import { Hono } from 'hono';
import { createLocalJWKSet, importJWK, jwtVerify } from 'jose';

const ISSUER = { issuer: 'drawbridge', audience: 'drawbridge-api' };
const app = new Hono();
const live = new Map();
let keys;

async function readKeys(text) {
  const set = JSON.parse(text);
  const shared = set.keys.find(({ alg }) => alg === 'HS256');
  const secret = shared && (await importJWK(shared, 'HS256'));
  const published = createLocalJWKSet({ keys: set.keys.filter(({ kty }) => kty !== 'oct') });
  return (header, token) => (header.alg === 'HS256' ? secret : published(header, token));
}

app.use('*', async (context, next) => {
  const [scheme, token] = (context.req.header('authorization') ?? '').split(' ');
  if (scheme !== 'Bearer' || !token) return context.json({ success: false, code: 'TOKEN_MISSING' }, 401);
  keys ??= await readKeys(context.env.JWT_KEYS);
  try {
    const { payload } = await jwtVerify(token, keys, ISSUER);
    context.set('claims', payload);
  } catch {
    return context.json({ success: false, code: 'TOKEN_INVALID' }, 401);
  }
  const { session_token } = context.get('claims');
  if (!live.has(session_token)) live.set(session_token, { checked_at: Date.now() });
  await next();
});

app.get('*', (context) => {
  const { user_id, role, exp } = context.get('claims');
  const now = Date.now();
  const data = { valid: true, user_id, role, expires_in: exp - Math.floor(now / 1000) };
  return context.json({ success: true, data, request_id: crypto.randomUUID(), timestamp: new Date(now).toISOString() }, 200, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
});

export default app;
