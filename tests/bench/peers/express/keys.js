// The key that the origin signs with, of its own file.
import { readFileSync } from 'node:fs';

const { keys } = JSON.parse(readFileSync(process.env.JWT_KEYS_FILE, 'utf8'));
const shared = keys.find(({ alg }) => alg === 'HS256');

export const signingKey = Buffer.from(shared.k, 'base64url');
export const tokenOptions = { algorithms: ['HS256'], issuer: 'drawbridge', audience: 'drawbridge-api' };
