import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useRef, useState } from "react";
import type { KeyStatus, Settings } from "@/client/api";
import { keys } from "@/client/queries";
import { deleteKey, putKey } from "@/client/settings";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CONTROL, Field } from "@/components/field";
import { announce } from "@/lib/announcer";
import { KeyState } from "./key-state";
import { refusalOf } from "./typed-setting";
import { SaveNote } from "./save-setting";

const SHORTEST = 8;
const LONGEST = 512;

/** Where the provider's key comes from, and the field to give one. A stored key is never shown again. */
export function KeySetting({ settings }: { settings: Settings }) {
  const { source, last4 } = settings.key;
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="flex flex-col gap-4">
      <KeyState settings={settings} />
      {source !== "env" && <KeyForm input={input} isReplacing={source === "file"} />}
      {source === "file" && (
        <RemoveKey last4={last4 ?? ""} onRemoved={() => input.current?.focus()} />
      )}
    </div>
  );
}

interface KeyFormProps {
  input: RefObject<HTMLInputElement | null>;
  isReplacing: boolean;
}

function KeyForm({ input, isReplacing }: KeyFormProps) {
  const [key, setKey] = useState("");
  const [wasSent, setWasSent] = useState(false);
  const keep = useKeepStatus();
  const save = useMutation({
    // Takes nothing, because what a call takes is kept with it.
    mutationFn: () => putKey(key.trim()),
    onSuccess: async (status) => {
      setKey("");
      setWasSent(false);
      announce("Key saved");
      await keep(status);
    },
  });
  const problem = keyProblem(key.trim());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setWasSent(true);
    if (problem === null) save.mutate();
  };
  return (
    <form onSubmit={submit} noValidate aria-label="Provider key" className="flex flex-col gap-1">
      <Field
        label={isReplacing ? "Another key" : "OpenRouter key"}
        hint="Kept in a file of its own in the data folder, readable by your user only. It is not in the database or in backups, and never comes back to this page."
        problem={(wasSent ? problem : null) ?? refusalOf(save.error)}
        note={<SaveNote save={save} isDirty={key !== ""} />}
      >
        {(control) => (
          <div className="flex flex-wrap gap-2">
            <input
              {...control}
              ref={input}
              type="password"
              autoComplete="off"
              spellCheck={false}
              placeholder="sk-or-…"
              value={key}
              onChange={(event) => {
                setKey(event.target.value);
                setWasSent(false);
                save.reset();
              }}
              className={`${CONTROL} min-w-48 flex-1 font-mono`}
            />
            <Button
              type="submit"
              look="primary"
              disabled={save.isPending}
              className="min-h-9 pointer-coarse:min-h-11"
            >
              {isReplacing ? "Replace key" : "Save key"}
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}

interface RemoveKeyProps {
  last4: string;
  onRemoved: () => void;
}

function RemoveKey({ last4, onRemoved }: RemoveKeyProps) {
  const [asking, setAsking] = useState(false);
  const keep = useKeepStatus();
  const remove = useMutation({
    mutationFn: deleteKey,
    onSuccess: async (status) => {
      announce("Key removed");
      // This button goes with the key, so the keyboard moves on to where another one is given.
      onRemoved();
      await keep(status);
    },
  });
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button disabled={remove.isPending} onClick={() => setAsking(true)}>
        Remove key
      </Button>
      {remove.error && (
        <p role="alert" className="text-sm text-danger">
          Not removed. {remove.error.message}
        </p>
      )}
      <ConfirmDialog
        open={asking}
        title="Remove the key?"
        confirm="Remove key"
        cancel="Keep it"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          remove.mutate();
        }}
      >
        The console forgets the key that ends in {last4}. It cannot be shown again, so make sure
        that you have it elsewhere or can make another one.
      </ConfirmDialog>
    </div>
  );
}

/** Another key is another provider: what depends on it is asked for again. */
function useKeepStatus() {
  const client = useQueryClient();
  return async (key: KeyStatus): Promise<void> => {
    client.setQueryData<Settings>(keys.settings, (settings) => settings && { ...settings, key });
    await Promise.all(
      [keys.settings, keys.health, keys.models].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  };
}

function keyProblem(key: string): string | null {
  if (key === "") return "Paste a key first.";
  if (key.length < SHORTEST) return "A key has at least 8 characters.";
  return key.length > LONGEST ? "A key has at most 512 characters." : null;
}
