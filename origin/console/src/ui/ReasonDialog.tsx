import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { words } from "../i18n/index.ts";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { asApiError } from "./load.ts";

interface Props {
  title: string;
  /** What will come of it. */
  hint: string;
  /** What the button says that does it. */
  action: string;
  placeholder: string;
  /** Does it. What it throws is shown, and the dialog stays. */
  onConfirm: (reason: string) => Promise<void>;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Asks for a reason, without which nothing is done. */
export function ReasonDialog(props: Props) {
  const { title, hint, action, placeholder, onConfirm, onClose, children } = props;
  const [reason, setReason] = useState("");
  const [failed, setFailed] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const said = words.value.shell;
  const confirm = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      await onConfirm(reason.trim());
    } catch (error) {
      setFailed(asApiError(error).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() && !isBusy) void confirm();
        }}
      >
        <p class="quiet">{hint}</p>
        {children}
        <label class="field">
          <span>{said.reason}</span>
          <textarea
            class="input"
            rows={3}
            maxLength={500}
            required
            placeholder={placeholder}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        {failed !== undefined && (
          <p class="notice bad" role="alert">
            {failed}
          </p>
        )}
        <footer>
          <Button onClick={onClose}>{said.cancel}</Button>
          <Button type="submit" kind="danger" disabled={!reason.trim() || isBusy}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
