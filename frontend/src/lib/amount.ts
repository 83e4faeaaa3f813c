const AMOUNT = /^\d{1,7}(\.\d{1,12})?$/;

const MOST_USD = 1_000_000;

/** Why a text is no amount of US dollars that the console keeps exactly; null when it is one. */
export function amountProblem(text: string): string | null {
  if (!AMOUNT.test(text)) return "Must be an amount, such as 2.50.";
  return Number(text) > MOST_USD ? "Must be at most 1,000,000." : null;
}
