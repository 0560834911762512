import type { ComponentChildren, JSX } from "preact";

interface Props extends Omit<JSX.IntrinsicElements["button"], "class" | "icon"> {
  kind?: "primary" | "danger" | "plain";
  /** Nothing but a picture: `label` says what it does. */
  label?: string;
  children: ComponentChildren;
}

/** A button; with `label`, a square one with a picture alone. */
export function Button({ kind, label, children, ...rest }: Props) {
  const names = ["button", kind, label && "icon"].filter(Boolean).join(" ");
  return (
    <button type="button" {...rest} class={names} aria-label={label} title={label ?? rest.title}>
      {children}
    </button>
  );
}
