import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { BackupSchedule, Settings, SettingsPatch } from "@/client/api";
import { scheduleQuery } from "@/client/backups";
import { keys } from "@/client/queries";
import { patchSettings } from "@/client/settings";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { Field } from "@/components/field";
import { Segments } from "@/components/segments";
import { SelectField } from "@/components/select-field";
import { SkeletonRows } from "@/components/skeleton-rows";
import { formatAge, formatMoment } from "@/lib/age";
import { announce } from "@/lib/announcer";
import { plural } from "@/lib/format";

const EVERY: readonly { value: BackupSchedule["every"]; label: string }[] = [
  { value: "day", label: "Every day" },
  { value: "week", label: "Every week" },
  { value: "off", label: "Never" },
];

const DAYS = [0, 1, 3, 7, 14, 30, 90, 366];
const WEEKS = [0, 1, 4, 8, 12, 26, 52, 520];

/** Backups that make themselves: how often, how many of them stay, and how the last one went. */
export function Schedule() {
  const query = useQuery(scheduleQuery);
  if (query.isPending) return <SkeletonRows rows={1} className="h-24" />;
  if (query.data === undefined) {
    return (
      <ErrorNote title="The schedule could not be loaded" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  return <Choices schedule={query.data} />;
}

function Choices({ schedule }: { schedule: BackupSchedule }) {
  const save = useSaveSchedule();
  // What was chosen shows at once; a refusal takes it back.
  const { backup_every, backup_keep_daily, backup_keep_weekly } = save.isPending
    ? save.variables
    : {};
  const every = backup_every ?? schedule.every;
  return (
    <div className="flex flex-col gap-3">
      <Failure failure={schedule.failure} />
      <Field
        label="By itself"
        hint={nextOf(schedule, every)}
        problem={save.error ? `Not saved. ${save.error.message}` : null}
      >
        {(control) => (
          <Segments
            legend="By itself"
            control={control}
            options={EVERY}
            value={every}
            onChange={(value) => save.mutate({ backup_every: value })}
          />
        )}
      </Field>
      {every !== "off" && (
        <div className="grid gap-x-5 gap-y-3 sm:grid-cols-2">
          <Field label="Days that keep one" hint="The newest of each of the last days.">
            {(control) => (
              <SelectField
                control={control}
                options={optionsOf(DAYS, schedule.keep_daily, "day")}
                value={backup_keep_daily ?? schedule.keep_daily}
                onChange={(days) => save.mutate({ backup_keep_daily: days })}
              />
            )}
          </Field>
          <Field
            label="Weeks that keep one"
            hint="From before those days, the newest of each week."
          >
            {(control) => (
              <SelectField
                control={control}
                options={optionsOf(WEEKS, schedule.keep_weekly, "week")}
                value={backup_keep_weekly ?? schedule.keep_weekly}
                onChange={(weeks) => save.mutate({ backup_keep_weekly: weeks })}
              />
            )}
          </Field>
        </div>
      )}
      <p className="text-xs text-ink-3">
        Only backups made by schedule are ever removed by it. Those made by hand or before a restore
        stay until you delete them.
      </p>
    </div>
  );
}

function useSaveSchedule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (patch: SettingsPatch) => patchSettings(patch),
    onSuccess: async (settings) => {
      client.setQueryData<Settings>(keys.settings, settings);
      announce("Schedule saved");
      await client.invalidateQueries({ queryKey: scheduleQuery.queryKey });
    },
  });
}

function Failure({ failure }: Pick<BackupSchedule, "failure">) {
  if (failure === null) return null;
  const { message, at, in_a_row } = failure;
  return (
    <p
      role="alert"
      className="rounded-lg border border-danger/25 bg-danger-soft px-4 py-2.5 text-sm wrap-anywhere"
    >
      <span className="font-medium">The last scheduled backup was not made.</span>{" "}
      <span className="text-ink-2">
        {message} ({formatAge(at)}
        {in_a_row > 1 && `, ${plural(in_a_row, "time")} in a row`}) It is tried again by itself.
      </span>
    </p>
  );
}

function nextOf({ next_at, last_at }: BackupSchedule, every: BackupSchedule["every"]): string {
  const last =
    last_at === null ? "None made by schedule yet" : `The last one was ${formatAge(last_at)}`;
  if (every === "off") return `${last}. Backups are made by hand only.`;
  if (next_at === null) return `${last}.`;
  const isDue = Date.parse(next_at) <= Date.now();
  return `${last}; the next one is ${isDue ? "about to be made" : `due ${formatMoment(next_at)}`}.`;
}

function optionsOf(usual: readonly number[], stored: number, unit: string) {
  return [...new Set([...usual, stored])]
    .toSorted((left, right) => left - right)
    .map((count) => ({ value: count, label: count === 0 ? "None" : plural(count, unit) }));
}
