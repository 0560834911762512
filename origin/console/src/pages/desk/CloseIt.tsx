import { useState } from "preact/hooks";
import { close } from "../../desk/acts.ts";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { tellOutcome } from "./accept_it.ts";

/** Asks why, and ends a conversation. */
export function CloseIt({ id, onClose }: { id: number; onClose: () => void }) {
  const said = words.value.desk;
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    tellOutcome(await close(id, reason.trim()));
    onClose();
  };
  return (
    <Dialog title={said.closeTitle} onClose={onClose}>
      <form
        class="asks"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p class="quiet">{said.closeText}</p>
        <div class="chips">
          {said.closeReasons.map((one) => (
            <button
              key={one}
              type="button"
              class="chip"
              aria-pressed={reason === one}
              onClick={() => setReason(reason === one ? "" : one)}
            >
              {one}
            </button>
          ))}
        </div>
        <label class="field">
          <span>{said.closeReason}</span>
          <input
            class="input"
            maxLength={500}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <footer>
          <Button onClick={onClose}>{words.value.shell.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {said.close}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
