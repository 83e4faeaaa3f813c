import {
  type QueryClient,
  useIsMutating,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import type { NewTurn as ApiNewTurn, Generation, Message, Turn } from "@/client/api";
import { ApiError, request, respond } from "@/client/http";
import { keys } from "@/client/queries";
import { toasts } from "@/components/toasts";
import { announce } from "@/lib/announcer";
import { showTurn } from "./message-cache";

/** The request id names the turn: sent again under the same id, it is still paid once. */
export type NewTurn = ApiNewTurn & { request_id: string };

/** Posts a message, where the turn brings one, and starts its answer. */
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

/** More of an answer, or another one beside it. All that show the same message share what is pending. */
export function useAnswerAgain(message: Message) {
  const client = useQueryClient();
  const mutationKey = ["answer-again", message.id];
  const pending = useIsMutating({ mutationKey }) > 0;
  const { mutate } = useMutation({
    mutationKey,
    mutationFn: async ({ path, request_id }: AnswerAgain) => {
      const response = await respond("POST", path, { body: { request_id } });
      return {
        turn: (await response.json()) as Turn,
        replayed: response.headers.has("Idempotent-Replayed"),
      };
    },
    onSuccess: async ({ turn, replayed }): Promise<void> => {
      // A replay tells how the turn began; how it stands now is asked for.
      if (replayed) return refetchTurns(client, message.session_id);
      showTurn(client, turn);
      announce("Generating");
    },
    onError: async (error, { failed }): Promise<void> => {
      const isRunning = error instanceof ApiError && error.code === "generation_running";
      if (isRunning) return refetchTurns(client, message.session_id);
      tell(failed, error);
    },
  });
  // The ids are made of what is answered: two clicks, two tabs or a lost reply still pay once.
  const version = message.siblings.length;
  return {
    pending,
    regenerate: () =>
      mutate({
        path: `/api/messages/${message.id}/regenerate`,
        request_id: `regen:${message.id}:${version}`,
        failed: "No new answer was started",
      }),
    /** Goes on where the answer ended early; what it had is kept. */
    continueFrom: (generation_id: string) =>
      mutate({
        path: `/api/generations/${generation_id}/continue`,
        request_id: `cont:${generation_id}:${version}`,
        failed: "The answer was not continued",
      }),
  };
}

interface AnswerAgain {
  path: string;
  request_id: string;
  /** The headline when it was refused. */
  failed: string;
}

async function refetchTurns(client: QueryClient, session_id: string): Promise<void> {
  await Promise.all(
    [keys.messages(session_id), keys.session(session_id)].map((queryKey) =>
      client.invalidateQueries({ queryKey }),
    ),
  );
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
