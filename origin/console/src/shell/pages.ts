import {
  Activity,
  Bug,
  KeyRound,
  MessagesSquare,
  ScrollText,
  ShoppingBag,
  Users,
} from "lucide-preact";
import type { Words } from "../i18n/zh/index.ts";

/** A page of the rail. */
export interface Page {
  name: keyof Words["shell"]["pages"];
  path: string;
  icon: typeof Activity;
  /** After `g`. */
  key: string;
  /** Not for agents. */
  admin: boolean;
}

/** All of them, in the order of the rail. */
export const PAGES: readonly Page[] = [
  { name: "overview", path: "/", icon: Activity, key: "o", admin: false },
  { name: "desk", path: "/desk", icon: MessagesSquare, key: "d", admin: false },
  { name: "sessions", path: "/sessions", icon: KeyRound, key: "s", admin: true },
  { name: "users", path: "/users", icon: Users, key: "u", admin: true },
  { name: "listings", path: "/listings", icon: ShoppingBag, key: "l", admin: true },
  { name: "audit", path: "/audit", icon: ScrollText, key: "a", admin: true },
  { name: "debug", path: "/debug", icon: Bug, key: "b", admin: true },
];
