import { Credits } from "./credits";
import { DriftList } from "./drift-list";
import type { Span } from "@/client/usage";

/** What the provider says of the same calls, and of the account that pays for them. */
export function ProviderBook({ span, today }: { span: Span; today: string }) {
  return (
    <>
      <Credits />
      <DriftList span={span} today={today} />
    </>
  );
}
