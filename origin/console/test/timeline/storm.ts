import type { Schemas } from "@drawbridge/client";

type Bar = Schemas["Bar"];

const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3) MicroMessenger/8.0.47";
const DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/121.0.0.0";

/** A row of the phone (even ids) or of the web console (odd ids), with what a test changes. */
export function bar(id: number, from: number, to: number | null, more: Partial<Bar> = {}): Bar {
  const isPhone = id % 2 === 0;
  const at = (time: number) => new Date(time).toISOString();
  return {
    authentication_session_id: id,
    user_type: "user",
    user_id: 31,
    client_type: isPhone ? "mini_program" : "web",
    state: to === null ? "live" : "REPLACED",
    is_active: to === null,
    expires_at: at(from + 7 * 86_400_000),
    last_activity: at(from),
    login_ip: isPhone ? "116.4.39.203" : "127.0.0.1",
    device_id: null,
    device_name: null,
    device_type: null,
    user_agent: isPhone ? PHONE : DESK,
    country: isPhone ? "CN" : null,
    city: null,
    latitude: null,
    longitude: null,
    browser: null,
    browser_version: null,
    os: null,
    os_version: null,
    risk_score: 0,
    risk_causes: [],
    current_jti: null,
    end_reason: to === null ? null : "REPLACED",
    ended_at: to === null ? null : at(to),
    ended_by_session_id: to === null ? null : id + 1,
    ended_by_user_id: to === null ? null : 31,
    created_at: at(from),
    logged_in_at: at(from),
    updated_at: at(to ?? from),
    replaced: [],
    ...more,
  };
}

/** When the storm began. */
export const BEGAN = Date.parse("2026-02-18T01:40:50+08:00");
export const DAY = 86_400_000;
/** Between two log-ins of the storm, in milliseconds. */
export const PACE = 28_667;

/** User 31: a log-in a day for weeks, then ten in four minutes, each of which ends the one before. */
export function storm(): Bar[] {
  const starts: number[] = [];
  for (let id = 6976; id < 7029; id += 1) starts.push(BEGAN - (7029 - id) * DAY);
  for (let i = 0; i < 10; i += 1) starts.push(BEGAN + i * PACE);
  return starts.map((from, i) => bar(6976 + i, from, starts[i + 1] ?? null));
}
