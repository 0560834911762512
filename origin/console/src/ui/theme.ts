import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const KEY = "drawbridge.theme";
const ALL: Theme[] = ["auto", "light", "dark"];

const kept = localStorage.getItem(KEY);

/** Light, dark, or as the system has it. */
export const theme = signal<Theme>(ALL.find((one) => one === kept) ?? "auto");

effect(() => {
  const root = document.documentElement;
  if (theme.value === "auto") root.removeAttribute("data-theme");
  else root.dataset.theme = theme.value;
  localStorage.setItem(KEY, theme.value);
});

/** The next of the three. */
export function turnTheme(): void {
  theme.value = ALL[(ALL.indexOf(theme.value) + 1) % ALL.length] ?? "auto";
}
