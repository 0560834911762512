import { Languages, Moon, Sun, SunMoon } from "lucide-preact";
import { language, words } from "../i18n/index.ts";
import { Button } from "../ui/Button.tsx";
import { theme, turnTheme } from "../ui/theme.ts";

const THEMES = { auto: SunMoon, light: Sun, dark: Moon };

/** Switches between light, dark and the system's, and between the languages. */
export function Looks() {
  const said = words.value.shell;
  const ThemeIcon = THEMES[theme.value];
  return (
    <>
      <Button kind="plain" label={said.theme[theme.value]} onClick={turnTheme}>
        <ThemeIcon size={17} aria-hidden="true" />
      </Button>
      <Button
        kind="plain"
        label={said.language}
        onClick={() => {
          language.value = language.value === "zh" ? "en" : "zh";
        }}
      >
        <Languages size={17} aria-hidden="true" />
      </Button>
    </>
  );
}
