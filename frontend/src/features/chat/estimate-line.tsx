import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Estimate } from "@/client/api";
import { type EstimateBody, estimateQuery } from "@/client/estimates";
import { TipButton } from "@/components/tip-button";
import { formatCountShort, formatUsd, formatUsdShort, plural } from "@/lib/format";
import { useSettled } from "./use-settled";

const TYPING_PAUSE_MS = 400;
/** It is a guess, and reads as one. */
const DIGITS = 2;
/** Pictures are large to send, and are rarely typed. */
const PICTURE_PAUSE_MS = 1500;

/** What the message would cost, from its least to its most. Says nothing where that is not known. */
export function EstimateLine({ body }: { body: EstimateBody }) {
  const asked = JSON.stringify(body);
  const settled = useSettled(asked, body.parts ? PICTURE_PAUSE_MS : TYPING_PAUSE_MS);
  const { data, isError } = useQuery({
    ...estimateQuery(JSON.parse(settled) as EstimateBody),
    placeholderData: keepPreviousData,
  });
  if (!data || isError || data.cost_usd === null) return null;
  const isRefused = data.budgets.some(({ would_refuse }) => would_refuse);
  return (
    <TipButton
      tip={tipOf(data)}
      className={`ml-auto whitespace-nowrap ${isRefused ? "text-warn" : ""}`}
    >
      {rangeOf(data.cost_usd)}
      {isRefused && ", more than a budget leaves"}
    </TipButton>
  );
}

function rangeOf({ low, high }: { low: number; high: number }): string {
  if (high === 0) return "Free";
  const [least, most] = [formatUsdShort(low, DIGITS), formatUsdShort(high, DIGITS)];
  return least === most ? `About ${most}` : `About ${least} to ${most}`;
}

function tipOf({ prompt_tokens, completion_tokens, cost_usd, basis }: Estimate): string {
  const { low, high } = completion_tokens;
  const out =
    low === high ? formatCountShort(high) : `${formatCountShort(low)} to ${formatCountShort(high)}`;
  const from =
    basis.completion === "history"
      ? `as ${plural(basis.history_calls, "earlier answer")} of this model took`
      : "as many as it may write";
  const most = cost_usd === null ? "" : ` A long one costs ${formatUsd(cost_usd.high)}.`;
  return `About ${formatCountShort(prompt_tokens)} tokens in, ${out} out, ${from}.${most}`;
}
