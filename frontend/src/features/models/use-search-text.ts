import { useEffect, useRef, useState } from "react";

const PUT_AFTER_MS = 200;

/**
 * Text that is typed here and kept in the address: at once here, in the address after a pause.
 * When the address changes by other means, the text follows it.
 */
export function useSearchText(
  inAddress: string,
  put: (text: string) => void,
): [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(inAddress);
  const [sent, setSent] = useState(inAddress);
  const [seen, setSeen] = useState(inAddress);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  if (inAddress !== seen) {
    setSeen(inAddress);
    if (inAddress !== sent) {
      setSent(inAddress);
      setText(inAddress);
    }
  }
  const type = (typed: string): void => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setSent(typed);
      put(typed);
    }, PUT_AFTER_MS);
  };
  return [text, type];
}
