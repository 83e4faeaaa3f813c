import { useState } from "react";
import { CONTROL } from "@/components/field";

interface AmountFieldProps {
  label: string;
  /** US dollars. */
  amount: number | undefined;
  onChange: (amount: number | undefined) => void;
}

/** An amount that narrows a list: applied with Enter and on leaving the field, given back when it is none. */
export function AmountField({ label, amount, onChange }: AmountFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = (): void => {
    if (typed === null) return;
    setTyped(null);
    const text = typed.trim().replace(/^\$/, "");
    const value = text === "" ? undefined : Number(text);
    if (value === undefined || (Number.isFinite(value) && value >= 0)) onChange(value || undefined);
  };
  return (
    <input
      aria-label={`${label}, US dollars`}
      placeholder={label}
      inputMode="decimal"
      autoComplete="off"
      value={typed ?? amount ?? ""}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={commit}
      onKeyDown={({ key }) => key === "Enter" && commit()}
      className={`${CONTROL} tabular-nums`}
    />
  );
}
