// What WeChat gives a mini-program for sockets, over the sockets of Node.

import WebSocket from "ws";

/** `wx.connectSocket`: https://developers.weixin.qq.com/miniprogram/dev/api/network/websocket/wx.connectSocket.html */
function connectSocket({ url, header = {}, protocols, success }) {
  const socket = new WebSocket(url, protocols ?? [], { headers: header, perMessageDeflate: false });
  socket.binaryType = "arraybuffer";
  const listeners = { open: [], message: [], close: [], error: [] };
  // What a listener throws is noted by WeChat, and the app goes on.
  const tell = (name, what) =>
    listeners[name].forEach((listener) => {
      try {
        listener(what);
      } catch (error) {
        console.error(`thirdScriptError ${error.message}`);
      }
    });
  socket.onopen = () => tell("open", { header: {}, profile: {} });
  socket.onmessage = ({ data }) => tell("message", { data });
  socket.onclose = ({ code, reason }) => tell("close", { code, reason });
  socket.onerror = ({ message }) => tell("error", { errMsg: message });
  success?.({ errMsg: "connectSocket:ok" });
  return {
    onOpen: (listener) => listeners.open.push(listener),
    onMessage: (listener) => listeners.message.push(listener),
    onClose: (listener) => listeners.close.push(listener),
    onError: (listener) => listeners.error.push(listener),
    send({ data, success: sent, fail, complete }) {
      socket.send(data, (error) => {
        if (error) fail?.({ errMsg: `sendSocketMessage:fail ${error.message}` });
        else sent?.({ errMsg: "sendSocketMessage:ok" });
        complete?.({});
      });
    },
    close({ code = 1000, reason = "", success: closed, complete } = {}) {
      socket.close(code, reason);
      closed?.({ errMsg: "closeSocket:ok" });
      complete?.({});
    },
  };
}

/** Makes this process look like a mini-program. */
export function pretend() {
  // There are no others there.
  delete globalThis.WebSocket;
  globalThis.window = globalThis;
  globalThis.wx = { connectSocket };
}
