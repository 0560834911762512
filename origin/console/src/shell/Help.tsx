import { signal } from "@preact/signals";
import { words } from "../i18n/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { PAGES } from "./pages.ts";
import { isOpen } from "./Rail.tsx";

/** Whether the keys are being shown. */
export const isHelpOpen = signal(false);

function Line({ keys, what }: { keys: string[]; what: string }) {
  return (
    <div class="key-line">
      <dt>{what}</dt>
      <dd>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dd>
    </div>
  );
}

/** All keys. */
export function Help() {
  const { shell } = words.value;
  const close = () => {
    isHelpOpen.value = false;
  };
  return (
    <Dialog title={shell.keys} onClose={close}>
      <h3>{shell.help.go}</h3>
      <dl class="key-lines">
        {PAGES.filter(isOpen).map((page) => (
          <Line key={page.name} keys={["g", page.key]} what={shell.pages[page.name]} />
        ))}
      </dl>
      <h3>{shell.help.here}</h3>
      <dl class="key-lines">
        <Line keys={["j"]} what={shell.help.next} />
        <Line keys={["k"]} what={shell.help.previous} />
        <Line keys={["Enter"]} what={shell.help.open} />
        <Line keys={["Esc"]} what={shell.help.back} />
        <Line keys={["/"]} what={shell.help.search} />
        <Line keys={["a"]} what={shell.help.accept} />
        <Line keys={["Enter"]} what={shell.help.send} />
        <Line keys={["Shift", "Enter"]} what={shell.help.line} />
        <Line keys={["?"]} what={shell.help.all} />
      </dl>
      <footer>
        <Button onClick={close}>{shell.close}</Button>
      </footer>
    </Dialog>
  );
}
