import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pin, PinOff } from "lucide-react";
import type { Message } from "@/client/api";
import { keys } from "@/client/queries";
import { pinMessage } from "@/client/sessions";
import { IconButton } from "@/components/icon-button";
import { toasts } from "@/components/toasts";

/** Keeps a question and its answer in what is sent, however long the conversation grows. */
export function PinButton({ message }: { message: Message }) {
  const client = useQueryClient();
  const pin = useMutation({
    mutationFn: () => pinMessage(message.id, !message.pinned),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.messages(message.session_id) }),
    onError: (error) =>
      void toasts.add({ title: "Not pinned", description: error.message, priority: "high" }),
  });
  return (
    <IconButton
      label={message.pinned ? "Unpin: may be left out" : "Pin: always sent along"}
      disabled={pin.isPending}
      onClick={() => pin.mutate()}
    >
      {message.pinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
    </IconButton>
  );
}
