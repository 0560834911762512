import { ApiError } from "@drawbridge/client";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** What was asked for. What was there stays while it is asked for anew. */
export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  isLoading: boolean;
  reload: () => void;
}

/** Whatever was thrown as what the service says. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError("NETWORK", { message, status: 0 });
}

/** Asks, and asks again where one of `on` has changed. An answer that came too late is dropped. */
export function useLoad<T>(load: () => Promise<T>, on: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({
    data: undefined,
    error: undefined,
    isLoading: true,
  });
  const newest = useRef(0);
  const reload = useCallback(() => {
    newest.current += 1;
    const mine = newest.current;
    setState((before) => ({ ...before, isLoading: true }));
    const done = (next: Partial<Loaded<T>>) => {
      if (newest.current !== mine) return;
      setState((before) => ({ ...before, error: undefined, ...next, isLoading: false }));
    };
    load().then(
      (data) => done({ data }),
      (error) => done({ error: asApiError(error) }),
    );
  }, on);
  useEffect(() => {
    reload();
    return () => {
      newest.current += 1;
    };
  }, [reload]);
  return { ...state, reload };
}

/** A list that is read page by page. */
export interface Paged<T> {
  rows: T[];
  /** Of the whole list, as its first page said. */
  total: { count: number; isLeast: boolean } | undefined;
  error: ApiError | undefined;
  isLoading: boolean;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
}

/** A page as the service answers it. */
export interface Page<T> {
  rows: T[];
  pagination: { total: number; total_is_at_least?: boolean; next_cursor?: string };
}

/** Reads a list by cursor; from its beginning where one of `on` has changed. */
export function usePages<T>(
  load: (cursor: string | undefined) => Promise<Page<T>>,
  on: readonly unknown[],
): Paged<T> {
  const first = useLoad(() => load(undefined), on);
  const [rest, setRest] = useState<{ of: Page<T> | undefined; pages: Page<T>[] }>({
    of: undefined,
    pages: [],
  });
  const [more, setMore] = useState<{ isLoading: boolean; error: ApiError | undefined }>({
    isLoading: false,
    error: undefined,
  });
  const begin = first.data;
  const pages = begin ? [begin, ...(rest.of === begin ? rest.pages : [])] : [];
  const cursor = pages.at(-1)?.pagination.next_cursor;
  return {
    rows: pages.flatMap((page) => page.rows),
    total: begin && {
      count: begin.pagination.total,
      isLeast: begin.pagination.total_is_at_least === true,
    },
    error: first.error ?? more.error,
    isLoading: first.isLoading || more.isLoading,
    hasMore: cursor !== undefined,
    more: () => {
      if (cursor === undefined || more.isLoading) return;
      setMore({ isLoading: true, error: undefined });
      load(cursor).then(
        (page) => {
          setRest({ of: begin, pages: [...pages.slice(1), page] });
          setMore({ isLoading: false, error: undefined });
        },
        (error) => setMore({ isLoading: false, error: asApiError(error) }),
      );
    },
    reload: first.reload,
  };
}
