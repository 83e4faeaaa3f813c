import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { NewTurn as ApiNewTurn, Generation, Turn } from "@/client/api";
import { request } from "@/client/http";
import { toasts } from "@/components/toasts";
import { announce } from "@/lib/announcer";
import { randomId } from "@/lib/ids";
import { showTurn } from "./message-cache";

/** The request id names the turn: sent again under the same id, it is still paid once. */
export type NewTurn = ApiNewTurn & { content: string; request_id: string };

/** Posts a user message and starts its answer. */
export function useSend() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (turn: NewTurn) => request<Turn>("POST", "/api/generations", { body: turn }),
    onSuccess: (turn) => {
      showTurn(client, turn);
      announce("Generating");
    },
  });
}

/** Starts another answer to the same question, beside the one there is. */
export function useRegenerate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (message_id: string) =>
      request<Turn>("POST", `/api/messages/${message_id}/regenerate`, {
        body: { request_id: randomId() },
      }),
    onSuccess: (turn) => {
      showTurn(client, turn);
      announce("Generating");
    },
    onError: (error) => tell("No new answer was started", error),
  });
}

/** Goes on where an answer ended early; what it had is kept. */
export function useContinue() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (generation_id: string) =>
      request<Turn>("POST", `/api/generations/${generation_id}/continue`, {
        body: { request_id: randomId() },
      }),
    onSuccess: (turn) => {
      showTurn(client, turn);
      announce("Generating");
    },
    onError: (error) => tell("The answer was not continued", error),
  });
}

/** Ends a running answer; what it wrote is kept. The live channel brings the rest. */
export function useStop() {
  return useMutation({
    mutationFn: (generation_id: string) =>
      request<Generation>("POST", `/api/generations/${generation_id}/stop`),
    onError: (error) => tell("The answer could not be stopped", error),
  });
}

function tell(title: string, error: Error): void {
  toasts.add({ title, description: error.message, priority: "high" });
}
