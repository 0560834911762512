import { computed, effect, signal } from "@preact/signals";
import { en } from "./en/index.ts";
import { zh } from "./zh/index.ts";

export type Language = "zh" | "en";

const KEY = "drawbridge.language";

function first(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The language that the person reads. */
export const language = signal<Language>(first());

/** All words of the page, in that language: `words.value.desk.accept`. */
export const words = computed(() => (language.value === "zh" ? zh : en));

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  localStorage.setItem(KEY, language.value);
});

/** The language's name for `Intl`. */
export const locale = computed(() => (language.value === "zh" ? "zh-CN" : "en-GB"));
