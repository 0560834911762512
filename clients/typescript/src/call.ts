import type { paths } from "./schema.ts";

/** The data of an operation's answer. */
type Data<O> = O extends { responses: infer R }
  ? {
      [S in keyof R & (200 | 201)]: R[S] extends {
        content: { "application/json": { data: infer D } };
      }
        ? D
        : never;
    }[keyof R & (200 | 201)]
  : never;

/** Paths with that method whose answers have `data`. */
type PathOf<M extends "get" | "post"> = {
  [P in keyof paths]: [Data<paths[P][M]>] extends [never] ? never : P;
}[keyof paths];

export type GetPath = PathOf<"get">;
export type PostPath = PathOf<"post">;

/** Absent where there is none, and may be left out where all of it may. */
type Part<K extends string, T> = [T] extends [undefined]
  ? { [N in K]?: undefined }
  : undefined extends T
    ? { [N in K]?: Loose<NonNullable<T>> | undefined }
    : { [N in K]: Loose<T> };

/** Members that may be left out may be `undefined`, too. */
type Loose<T> = { [N in keyof T]: undefined extends T[N] ? T[N] | undefined : T[N] };

type Of<X, K extends string> = K extends keyof X ? X[K] : undefined;
type ParametersOf<O> = O extends { parameters: infer X }
  ? Part<"params", Of<X, "path">> & Part<"query", Of<X, "query">>
  : never;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } }
  ? { body: B }
  : O extends { requestBody?: { content: { "application/json": infer B } } }
    ? { body?: B }
    : { body?: undefined };

/** What a call may say beside its path; it can be left out where nothing has to be said. */
type Said<T> = Record<never, never> extends T ? [said?: T] : [said: T];

export type GetSaid<P extends GetPath> = Said<ParametersOf<paths[P]["get"]>>;
export type GetData<P extends GetPath> = Data<paths[P]["get"]>;
export type PostSaid<P extends PostPath> = Said<
  ParametersOf<paths[P]["post"]> & BodyOf<paths[P]["post"]>
>;
export type PostData<P extends PostPath> = Data<paths[P]["post"]>;

/** The same, once types have done their work. */
export interface Wanted {
  params?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
}

/** A path with its parameters in place, and its query. */
export function address(path: string, said: Wanted): string {
  const placed = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(said.params?.[name])),
  );
  const query = Object.entries(said.query ?? {})
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? placed : `${placed}?${query.join("&")}`;
}
