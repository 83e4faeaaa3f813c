import { useQuery } from "@tanstack/react-query";
import { createPortal } from "react-dom";
import { budgetsQuery } from "@/client/budgets";
import type { EstimateBody } from "@/client/estimates";
import { RefusingBudget, WarningBudget } from "./budget-note";
import { type Counted, budgetsOf } from "./budget-notes";
import { EstimateLine } from "./estimate-line";

interface ComposerMoneyProps {
  counted: Counted;
  /** What would be sent; null while nothing is written, or it cannot be sent as it is. */
  body: EstimateBody | null;
  /** Above the composer. */
  banner: HTMLElement | null;
}

/** What the next message may cost, and what is left for it. Loaded after the composer, which does not wait for it. */
export default function ComposerMoney({ counted, body, banner }: ComposerMoneyProps) {
  const budgets = budgetsOf(useQuery(budgetsQuery).data ?? [], counted);
  const refusing = budgets.find(({ hard, state }) => hard && state === "exceeded");
  const warning = budgets.find(({ state }) => state !== "ok");
  return (
    <>
      {refusing && banner && createPortal(<RefusingBudget budget={refusing} />, banner)}
      {warning && !refusing && <WarningBudget budget={warning} />}
      {body && <EstimateLine body={body} />}
    </>
  );
}
