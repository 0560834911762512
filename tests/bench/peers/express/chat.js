// Chat as the team runs it: Socket.IO, one insert through Sequelize a message, then on to the other side.
//
// In its favour: WebSockets alone (no polling first), no compression, places in the conversation from memory, and no
// check of the session after the handshake.
import { createServer } from 'node:http';

import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';

import { signingKey, tokenOptions } from './keys.js';
import { insertMessage, lastSeq, sessionOf, userOfConversation } from './store.js';

const server = createServer();
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });

io.use(async (socket, next) => {
  try {
    const claims = jwt.verify(socket.handshake.auth.token, signingKey, tokenOptions);
    const session = await sessionOf(claims.session_token);
    if (!session?.is_active || session.expires_at <= Date.now()) throw new Error('dead');
    socket.data = { user_id: session.user_id, is_staff: session.user.role !== 'user' };
    next();
  } catch {
    next(new Error('TOKEN_INVALID'));
  }
});

// A conversation's next place and its user, read once.
const conversations = new Map();
function conversation(id) {
  if (!conversations.has(id)) {
    conversations.set(
      id,
      Promise.all([lastSeq(id), userOfConversation(id)]).then(([seq, user_id]) => ({ seq, user_id })),
    );
  }
  return conversations.get(id);
}

io.on('connection', (socket) => {
  const { user_id, is_staff } = socket.data;
  socket.join(is_staff ? 'desk' : `user:${user_id}`);
  socket.emit('connection_established', { user_id });
  socket.on('send_message', async (data, ack) => {
    const { customer_service_session_id, content, message_type = 'text', temp_message_id } = data;
    const held = await conversation(customer_service_session_id);
    if (!is_staff && held.user_id !== user_id) return ack?.({ error: { code: 'FORBIDDEN' } });
    const now = new Date();
    const stored = await insertMessage({
      customer_service_session_id,
      seq: ++held.seq,
      sender_id: user_id,
      sender_type: is_staff ? 'admin' : 'user',
      message_source: is_staff ? 'admin_client' : 'user_client',
      content,
      message_type,
      status: 'sent',
      temp_message_id,
      created_at: now,
      updated_at: now,
    });
    const message = stored.get({ plain: true });
    io.to(is_staff ? `user:${held.user_id}` : 'desk').emit('new_message', message);
    ack?.({ data: { status: 'sent', chat_message_id: message.chat_message_id } });
  });
});

server.listen(Number(process.env.PORT), '127.0.0.1');
