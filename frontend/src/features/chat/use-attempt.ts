import { useRef } from "react";
import { randomId } from "@/lib/ids";
import type { NewTurn } from "./turns";

type Body = Omit<NewTurn, "request_id">;

/** The same body sent again must not be a second turn, so its id lasts until the server has accepted it. */
export function useAttempt() {
  const attempt = useRef<NewTurn | null>(null);
  return {
    turnOf: (body: Body): NewTurn => {
      const before = attempt.current;
      const turn = before && isSame(before, body) ? before : { ...body, request_id: randomId() };
      attempt.current = turn;
      return turn;
    },
    accepted: (): void => {
      attempt.current = null;
    },
  };
}

function isSame(before: NewTurn, body: Body): boolean {
  const { request_id: _, ...sent } = before;
  return JSON.stringify(sent) === JSON.stringify(body);
}
