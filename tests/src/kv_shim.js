// The edge as it was built, over a KV namespace that the test plays (see kv.rs).
import Edge from "EDGE_BUILD";
export { Desk, Gateway, UserChannel } from "EDGE_BUILD";

function played(url) {
  const at = (key) => `${url}/${encodeURIComponent(key)}`;
  const unused = () => Promise.reject(new Error("the edge has no use for this"));
  return {
    async get(key) {
      const answer = await fetch(at(key));
      const text = await answer.text();
      return answer.status === 404 ? null : text;
    },
    async put(key, value) {
      const answer = await fetch(at(key), { method: "PUT", body: value });
      await answer.text();
      if (!answer.ok) throw new Error(`KV PUT failed: ${answer.status} Too Many Requests`);
    },
    getWithMetadata: unused,
    list: unused,
    delete: unused,
  };
}

export default {
  fetch(request, env, ctx) {
    return Edge.fetch(request, { ...env, SESSIONS: played(env.PLAYED_KV_URL) }, ctx);
  },
};
