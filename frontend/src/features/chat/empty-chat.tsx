/** The start of a conversation: one thing to do, and the composer below has the focus. */
export function EmptyChat() {
  return (
    <div className="flex min-h-0 flex-1 flex-col justify-end">
      <div className="column pb-8">
        <h2 className="text-xl font-semibold tracking-tight text-balance">What is on your mind?</h2>
        <p className="mt-1.5 max-w-[52ch] text-ink-2">
          Pick a model, ask, and read along. Every answer is stored on this machine with what it
          cost.
        </p>
      </div>
    </div>
  );
}
