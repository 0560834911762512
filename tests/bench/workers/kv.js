// A KV namespace in memory, as `workerd serve` asks for one.
const kept = new Map();

export default {
  async fetch(request) {
    const key = new URL(request.url).pathname;
    if (request.method === 'PUT') {
      kept.set(key, await request.arrayBuffer());
    } else if (request.method === 'DELETE') {
      kept.delete(key);
    } else if (kept.has(key)) {
      return new Response(kept.get(key));
    } else {
      return new Response(null, { status: 404 });
    }
    return new Response();
  },
};
