import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { healthQuery } from "@/client/queries";
import { useChannelStatus, useLive } from "@/lib/stream/live";

export function Banners() {
  return (
    <aside aria-label="Notices">
      <UnreachableBanner />
      <DegradedBanner />
      <DemoBanner />
      <BackupsBanner />
    </aside>
  );
}

function DegradedBanner() {
  const { data } = useQuery(healthQuery);
  if (data?.status !== "degraded") return null;
  return (
    <p
      role="status"
      className="border-b border-line bg-warn-soft px-4 py-1.5 text-center text-sm text-ink"
    >
      {data.reason}
    </p>
  );
}

function DemoBanner() {
  const { data } = useQuery(healthQuery);
  if (!data?.demo) return null;
  return (
    <p className="border-b border-line bg-accent-soft px-4 py-1.5 text-center text-sm text-ink">
      Demo mode<span className="hidden sm:inline">: a built-in model answers</span>.{" "}
      <Link to="/app/settings" className="font-medium text-accent underline underline-offset-2">
        Add your OpenRouter key
      </Link>
    </p>
  );
}

function BackupsBanner() {
  const { data } = useQuery(healthQuery);
  if (data?.backups !== "failing") return null;
  return (
    <p className="border-b border-line bg-warn-soft px-4 py-1.5 text-center text-sm text-ink">
      Scheduled backups fail.{" "}
      <Link to="/app/backups" className="font-medium underline underline-offset-2">
        See why
      </Link>
    </p>
  );
}

function UnreachableBanner() {
  const status = useChannelStatus();
  const live = useLive();
  const lost = useLostFor(status.state !== "open" && status.state !== "closed");
  if (!lost) return null;
  return (
    <div
      role="status"
      className="flex items-center justify-center gap-3 border-b border-line bg-warn-soft px-4 py-1 text-sm text-ink"
    >
      <span>
        The console does not answer.{" "}
        {status.state === "waiting" ? <Countdown until_ms={status.retry_at_ms} /> : "Reconnecting…"}
      </span>
      <button
        type="button"
        className="min-h-7 rounded-sm px-2 font-medium underline underline-offset-2 hover:bg-hover"
        onClick={() => live.retry()}
      >
        Retry now
      </button>
    </div>
  );
}

/** A blink is no news: a reconnect that works within this time is not shown. */
const PATIENCE_MS = 1500;

function useLostFor(lost: boolean): boolean {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!lost) return;
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setShown(false);
    };
  }, [lost]);
  return shown;
}

function Countdown({ until_ms }: { until_ms: number }) {
  const [now_ms, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((until_ms - now_ms) / 1000));
  return <>Trying again in {seconds} s.</>;
}
