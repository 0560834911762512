import type { Words } from "../zh/index.ts";

export const users: Words["users"] = {
  title: "Users",
  total: (count, isLeast) => `${isLeast ? "at least " : ""}${count} user${count === 1 ? "" : "s"}`,
  search: "Nickname, mobile, e-mail or id",
  roles: { user: "User", agent: "Agent", admin: "Admin" },
  roleHints: {
    user: "uses the mini-program alone",
    agent: "answers customer-service conversations",
    admin: "and manages sessions, listings and users",
  },
  statuses: { active: "Active", inactive: "Inactive", banned: "Banned" },
  statusHints: {
    active: "may log in",
    inactive: "closed by its owner or dormant: may not log in",
    banned: "shut out by an admin: may not log in",
  },
  columns: {
    user: "User",
    contact: "Contact",
    role: "Role",
    status: "Status",
    created: "Registered",
  },
  filters: { role: "Role", status: "Status", any: "Any", clear: "Clear filters" },
  vip: "VIP",
  timeline: "Session timeline",
  nothing: "No user is like this",
  changeRole: "Change role",
  changeStatus: "Change status",
  roleTitle: (name) => `Change the role of ${name}`,
  statusTitle: (name) => `Change the status of ${name}`,
  roleHint:
    "Another role ends all sessions of the user, who then has to log in again. The reason goes into the audit log.",
  statusHint:
    "A ban, or closing the account, ends all its sessions at once. The reason goes into the audit log.",
  reasonHint: "e.g. moved to another team, or repeated abuse",
  save: "Save",
  lastAdmin: "This is the last admin: name another one first.",
  unchanged: "Nothing has changed",
  changed: (ended) =>
    ended > 0 ? `Changed; ${ended} session${ended === 1 ? "" : "s"} ended` : "Changed",
  yourself: "This is your own account: you will be logged out.",
};
