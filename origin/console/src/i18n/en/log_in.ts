import type { Words } from "../zh/index.ts";

export const logIn: Words["logIn"] = {
  title: "Log in to the console",
  who: "Mobile number or e-mail",
  password: "Password",
  show: "Show password",
  hide: "Hide password",
  submit: "Log in",
  submitting: "Logging in…",
  again: "Log in here again",
  otherAccount: "Use another account",
  needWho: "Enter your mobile number or e-mail",
  needPassword: "Enter your password",
  wrong: "This account and password do not match",
  waitFor: (seconds: number) => `Too many attempts: try again in ${seconds} s`,
  noStaff: {
    title: "This account is not of the staff",
    text: "The console is for agents and admins, so you have been logged out. Use your work account.",
  },
  limit: "No more devices may be logged in. Log out on another one first.",
  unreachable: "The service cannot be reached. Check your network and try again.",
  ended: {
    SESSION_EXPIRED: {
      title: "Your log-in has run out",
      text: "Every log-in has a longest time, for safety. Log in again to go on.",
    },
    SESSION_IDLE: {
      title: "Logged out after a long pause",
      text: "Nothing was done here for a while. Log in again to go on; your drafts are still here.",
    },
    SESSION_REPLACED: {
      title: "Your account logged in somewhere else",
      text: "Another device or browser took over, so this one was logged out. Logging in here logs the other out. If that was not you, change your password.",
    },
    SESSION_DEACTIVATED: {
      title: "An admin ended this log-in",
      text: "Ask your admin if you do not know why. You may log in again.",
    },
    SESSION_REVOKED: {
      title: "This device was removed from another one",
      text: "Somebody removed it under “My log-ins”. If that was not you, log in and change your password.",
    },
    SESSION_LOGGED_OUT: { title: "Logged out", text: "See you soon." },
    PASSWORD_CHANGED: {
      title: "The password was changed",
      text: "Every device was logged out. Use the new password.",
    },
    REUSE_DETECTED: {
      title: "A log-in credential was used twice",
      text: "Somebody may have copied it, so this log-in was ended. Log in and change your password at once.",
    },
    USER_INACTIVE: {
      title: "This account is switched off",
      text: "It cannot log in now, and trying again will not help. Ask your admin.",
    },
  },
};
