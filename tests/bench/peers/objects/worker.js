// What the runtime's own durable objects do, in JavaScript: `Kept` inserts a message and acknowledges it, `Loop` hands
// what one socket sends to all the others.
import { DurableObject } from 'cloudflare:workers';

class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec('CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, conversation INTEGER, message TEXT)');
  }

  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.send('{"event":"connection_established","data":{}}');
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketClose(socket, code) {
    socket.close(code === 1005 ? 1000 : code);
  }
}

export class Kept extends Room {
  webSocketMessage(socket, text) {
    const { data, ack } = JSON.parse(text);
    const { customer_service_session_id: conversation } = data;
    this.sql.exec('INSERT INTO kept (conversation, message) VALUES (?, ?)', conversation, JSON.stringify(data));
    // The runtime holds it back until the row is on disk.
    socket.send(JSON.stringify({ ack, data: { status: 'sending' } }));
  }
}

export class Loop extends Room {
  webSocketMessage(sender, text) {
    const { data } = JSON.parse(text);
    const frame = JSON.stringify({ event: 'new_message', data });
    for (const socket of this.ctx.getWebSockets()) {
      if (socket !== sender) socket.send(frame);
    }
  }
}

export default {
  fetch(request, env) {
    const url = new URL(request.url);
    const objects = url.searchParams.get('kind') === 'loop' ? env.LOOP : env.KEPT;
    return objects.get(objects.idFromName(url.searchParams.get('room') ?? '')).fetch(request);
  },
};
