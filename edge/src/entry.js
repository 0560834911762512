// The module that is deployed, around what is built of the Rust (worker.js): it answers at once what
// can be answered at once, and leaves the rest to the events of lib.rs. What both do is told in quick.rs.
import Program from "./worker.js";
export { Desk, Gateway, UserChannel } from "./worker.js";

const { quick, quick_headers } = Program.prototype;
const state = globalThis.__worker_init_state;

// By their line, status and headers of answers; as many as there are codes and pages that may call.
const known = new Map();

function answered(text) {
  const end = text.indexOf("\n");
  const line = text.slice(0, end);
  let init = known.get(line);
  if (init === undefined) {
    init = { status: Number(line.slice(0, 3)), headers: quick_headers(line) };
    known.set(line, init);
  }
  init.headers.set("x-request-id", text.slice(end + 1, end + 33));
  return new Response(text.slice(end + 33), init);
}

// A program that has broken off is begun anew with the next call.
function failed(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    console.error("Critical", error);
    state.criticalError = true;
  }
}

async function answer(request, env, ctx) {
  // The constructor begins anew a program that has broken off.
  if (state.criticalError) new Program(ctx, env);
  try {
    return await Program.prototype.fetch.call({ env, ctx }, request);
  } catch (error) {
    failed(error);
    throw error;
  }
}

export default {
  fetch(request, env, ctx) {
    if (request.method === "GET" && !state.criticalError) {
      const { headers } = request;
      const authorization = headers.get("authorization");
      if (authorization !== null && !headers.has("content-length")) {
        const asked = `${request.url}\n${authorization}\n${headers.get("origin") ?? ""}`;
        try {
          let text = quick(asked);
          if (text === "") text = quick(`${asked}\n${headers.get("accept-language") ?? ""}`);
          if (text) return answered(text);
        } catch (error) {
          failed(error);
        }
      }
    }
    return answer(request, env, ctx);
  },
};
