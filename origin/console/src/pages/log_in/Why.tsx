import {
  CircleOff,
  Clock,
  CopyX,
  KeyRound,
  LogOut,
  type LucideIcon,
  MonitorSmartphone,
  MonitorX,
  MoonStar,
  ShieldBan,
} from "lucide-preact";
import { words } from "../../i18n/index.ts";
import type { Reason } from "./why.ts";

const ICONS: Record<Reason, LucideIcon> = {
  SESSION_EXPIRED: Clock,
  SESSION_IDLE: MoonStar,
  SESSION_REPLACED: MonitorSmartphone,
  SESSION_DEACTIVATED: ShieldBan,
  SESSION_REVOKED: MonitorX,
  SESSION_LOGGED_OUT: LogOut,
  PASSWORD_CHANGED: KeyRound,
  REUSE_DETECTED: CopyX,
  USER_INACTIVE: CircleOff,
};

/** Why the last session ended, and what that asks for. */
export function Why({ reason }: { reason: Reason }) {
  const said = words.value.logIn.ended[reason];
  const Icon = ICONS[reason];
  const name = reason.replace("SESSION_", "").replaceAll("_", "-").toLowerCase();
  return (
    <section class={`why ${name}`} data-reason={reason} aria-live="polite">
      <Icon size={20} aria-hidden="true" />
      <div>
        <h2>{said.title}</h2>
        <p>{said.text}</p>
      </div>
    </section>
  );
}
