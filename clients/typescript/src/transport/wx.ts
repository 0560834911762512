import type { HttpAnswer, Transport, Wire } from "./transport.ts";

/** A socket of a mini-program. */
export interface WxSocket {
  send(options: { data: string; fail?: () => void }): void;
  close(options: { code?: number }): void;
  onOpen(listener: () => void): void;
  onMessage(listener: (message: { data: unknown }) => void): void;
  onClose(listener: (close: { code?: number }) => void): void;
  onError(listener: () => void): void;
}

/** The part of `wx` that talks. */
export interface WxNetwork {
  request(options: {
    url: string;
    method: "GET" | "POST";
    data?: string;
    header: Record<string, string>;
    timeout: number;
    success(answer: { statusCode: number; header?: Record<string, unknown>; data: unknown }): void;
    fail(error: unknown): void;
  }): unknown;
  connectSocket(options: {
    url: string;
    header: Record<string, string>;
    fail?: () => void;
  }): WxSocket;
  onNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void;
  offNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void;
}

/** `wx.request`, and `wx.connectSocket` with the token in a header. */
export function wxTransport(wx: WxNetwork): Transport {
  return {
    request: ({ method, url, headers, body, timeout }) =>
      new Promise<HttpAnswer>((resolve, reject) => {
        wx.request({
          url,
          method,
          ...(body === undefined ? {} : { data: body }),
          header: headers,
          timeout,
          success: ({ statusCode, header, data }) =>
            // What is no JSON comes as a text.
            resolve({
              status: statusCode,
              headers: lowered(header),
              body: typeof data === "string" ? undefined : data,
            }),
          fail: reject,
        });
      }),
    open: (url, token, language) => open(wx, url, token, language),
    woken: (listener) => {
      const heard = ({ isConnected }: { isConnected: boolean }) => {
        if (isConnected) listener();
      };
      wx.onNetworkStatusChange?.(heard);
      return () => wx.offNetworkStatusChange?.(heard);
    },
  };
}

function lowered(header: Record<string, unknown> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(header).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

function open(wx: WxNetwork, url: string, token: string, language?: string): Wire {
  let isOver = false;
  const over = (code: number) => {
    if (isOver) return;
    isOver = true;
    wire.closed?.(code);
  };
  const lost = () => over(1006);
  const socket = wx.connectSocket({
    url,
    header: {
      authorization: `Bearer ${token}`,
      ...(language === undefined ? {} : { "accept-language": language }),
    },
    fail: lost,
  });
  const wire: Wire = {
    send: (data) => {
      if (!isOver) socket.send({ data, fail: lost });
    },
    close: () => {
      if (!isOver) socket.close({ code: 1000 });
    },
  };
  socket.onOpen(() => wire.opened?.());
  socket.onMessage(({ data }) => {
    if (typeof data === "string") wire.heard?.(data);
  });
  socket.onClose(({ code }) => over(code ?? 1006));
  socket.onError(lost);
  return wire;
}
