/** Sessions and chat of Drawbridge, for browsers and mini-programs. */

export type { GetData, GetPath, GetSaid, PostData, PostPath, PostSaid } from "./call.ts";
export { Chat, type ChatState } from "./chat/chat.ts";
export type {
  ConversationUpdate,
  Events,
  Greeting,
  Message,
  Position,
  SecurityAlert,
} from "./chat/events.ts";
export type { Draft, Outgoing } from "./chat/outbox.ts";
export { Client, type ClientOptions } from "./client.ts";
export { type Code, type Schemas, TODO, type Todo } from "./codes.ts";
export { ApiError } from "./error.ts";
export type { LogIn, SessionState } from "./session/state.ts";
export { localStore, memoryStore, type Store, wxStore } from "./store.ts";
export { browserTransport } from "./transport/browser.ts";
export type { HttpAnswer, HttpRequest, Transport, Wire } from "./transport/transport.ts";
export { type WxNetwork, type WxSocket, wxTransport } from "./transport/wx.ts";
