import { effect, signal } from "@preact/signals";
import { words } from "../i18n/index.ts";

const KEY = "drawbridge.sound";
/** Two alarms in this time are one, in milliseconds. */
const PAUSE = 1_500;

/** Whether a sound is made; browsers allow none before a first tap on the page. */
export const isLoud = signal(localStorage.getItem(KEY) === "on");

effect(() => localStorage.setItem(KEY, isLoud.value ? "on" : "off"));

let audio: AudioContext | undefined;
let last = 0;

/** Switches the sound, and asks whether the desktop may tell of what comes while the page is hidden. */
export function turnSound(): void {
  isLoud.value = !isLoud.value;
  if (!isLoud.value) return;
  beep();
  if ("Notification" in window && Notification.permission === "default") {
    void Notification.requestPermission();
  }
}

/** Somebody came, or wrote where the agent is not looking. */
export function alarm(title: string, text: string, id: number): void {
  const now = Date.now();
  if (now - last < PAUSE) return;
  last = now;
  if (isLoud.peek()) beep();
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") {
    return;
  }
  const body = text.slice(0, 120) || words.peek().desk.somebodyWaits;
  const shown = new Notification(title, { body, tag: `drawbridge ${id}` });
  shown.onclick = () => {
    window.focus();
    dispatchEvent(new CustomEvent("desk-open", { detail: id }));
    shown.close();
  };
}

/** Two soft tones. */
function beep(): void {
  audio ??= new AudioContext();
  void audio.resume();
  const start = audio.currentTime + 0.02;
  tone(audio, 660, start);
  tone(audio, 880, start + 0.12);
}

function tone(context: AudioContext, pitch: number, start: number): void {
  const voice = context.createOscillator();
  const volume = context.createGain();
  voice.frequency.value = pitch;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.12, start + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.22);
  voice.connect(volume).connect(context.destination);
  voice.start(start);
  voice.stop(start + 0.25);
}
