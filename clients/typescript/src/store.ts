/** What lasts on a device: texts by key. */
export interface Store {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** The part of `wx` that stores. */
export interface WxStorage {
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: string): void;
  removeStorageSync(key: string): void;
}

/** A store that ends with the page or process. */
export function memoryStore(): Store {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key),
    set: (key, value) => void kept.set(key, value),
    remove: (key) => void kept.delete(key),
  };
}

/**
 * `localStorage`. Where it refuses (private mode, a full quota), what it refuses lasts as long as the page.
 * Tokens of browsers never come here.
 */
export function localStore(prefix = "drawbridge."): Store {
  return falling({
    get: (key) => localStorage.getItem(prefix + key) ?? undefined,
    set: (key, value) => localStorage.setItem(prefix + key, value),
    remove: (key) => localStorage.removeItem(prefix + key),
  });
}

/** The storage of a mini-program. */
export function wxStore(wx: WxStorage, prefix = "drawbridge."): Store {
  return falling({
    get: (key) => {
      const value = wx.getStorageSync(prefix + key);
      return typeof value === "string" && value !== "" ? value : undefined;
    },
    set: (key, value) => wx.setStorageSync(prefix + key, value),
    remove: (key) => wx.removeStorageSync(prefix + key),
  });
}

/** A store that may refuse, and memory beneath it. */
function falling(store: Store): Store {
  const refused = memoryStore();
  const attempt = <T>(work: () => T, otherwise: () => T): T => {
    try {
      return work();
    } catch {
      return otherwise();
    }
  };
  return {
    get: (key) =>
      refused.get(key) ??
      attempt(
        () => store.get(key),
        () => undefined,
      ),
    set: (key, value) =>
      attempt(
        () => {
          store.set(key, value);
          refused.remove(key);
        },
        () => refused.set(key, value),
      ),
    remove: (key) => {
      refused.remove(key);
      attempt(
        () => store.remove(key),
        () => undefined,
      );
    },
  };
}
