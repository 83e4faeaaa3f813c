import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useMemo } from "react";
import { modelListQuery } from "@/client/models";
import { familiesQuery } from "@/client/queries";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { ScreenHeader } from "@/components/screen-header";
import { SkeletonRows } from "@/components/skeleton-rows";
import { UNKNOWN, formatCount, plural } from "@/lib/format";
import { ModelFilters } from "./model-filters";
import { ModelList } from "./model-list";
import { isFiltered, isRanked, parseModelsSearch, queryOf } from "./search";
import { SyncButton, SyncFailure, SyncProgress } from "./sync-status";
import { useSearchText } from "./use-search-text";

const ModelDetail = lazy(() => import("./model-detail"));

/** The catalogue. Search, filters, order and the open model stand in the address. */
export function ModelsScreen() {
  const navigate = useNavigate();
  const inAddress = useSearch({ strict: false });
  const search = useMemo(() => parseModelsSearch(inAddress), [inAddress]);
  const change = (put: object): void =>
    void navigate({
      to: "/app/models",
      search: (before) => parseModelsSearch({ ...before, ...put }),
      replace: true,
    });
  const [text, setText] = useSearchText(search.text ?? "", (typed) => change({ text: typed }));
  const query = useQuery(modelListQuery(useMemo(() => queryOf(search), [search])));
  const families = useQuery(familiesQuery);
  const shown = query.data ?? [];
  const total = families.data?.reduce((sum, { count }) => sum + count, 0);
  const isNarrowed = isFiltered(search);
  const isOrderRefused = query.isError && isRanked(search.sort);

  return (
    <>
      <ScreenHeader title="Models">
        <SyncButton />
      </ScreenHeader>
      <div className="relative flex flex-none flex-col gap-2 border-b border-line px-4 pt-3 pb-2">
        <ModelFilters search={search} text={text} onText={setText} onChange={change} />
        <div className="flex min-h-[1lh] flex-wrap justify-between gap-x-4 text-xs text-ink-3">
          <span>
            <span aria-live="polite">
              {query.isSuccess &&
                (isNarrowed && total !== undefined
                  ? `${formatCount(shown.length)} of ${plural(total, "model")}`
                  : plural(shown.length, "model"))}
            </span>
            {" · "}US dollars per 1M tokens, {UNKNOWN} is not known
          </span>
          <SyncProgress />
        </div>
      </div>
      <SyncFailure />
      {isOrderRefused && (
        <div className="px-4 pt-3">
          <ErrorNote title="This order is not to be had" error={query.error}>
            <Button onClick={() => change({ sort: undefined })}>By name</Button>
          </ErrorNote>
        </div>
      )}
      {query.isPending && (
        <div className="p-4">
          <SkeletonRows rows={10} className="h-12" />
        </div>
      )}
      {query.isError && !isOrderRefused && query.data === undefined && (
        <div className="p-4">
          <ErrorNote title="The models could not be loaded" error={query.error}>
            <Button onClick={() => void query.refetch()}>Try again</Button>
          </ErrorNote>
        </div>
      )}
      {query.isSuccess && shown.length === 0 && !isNarrowed && <NoModels />}
      {query.isSuccess && shown.length === 0 && isNarrowed && (
        <div className="m-auto flex flex-col items-start gap-3 p-6">
          <h2 className="text-lg font-semibold">No model matches</h2>
          <Button
            onClick={() => {
              setText("");
              void navigate({
                to: "/app/models",
                search: search.sort ? { sort: search.sort } : {},
                replace: true,
              });
            }}
          >
            Clear the filters
          </Button>
        </div>
      )}
      {shown.length > 0 && <ModelList models={shown} />}
      <Suspense>
        <ModelDetail
          id={search.model ?? null}
          listed={shown.find(({ id }) => id === search.model)}
          onClose={() => change({ model: undefined })}
        />
      </Suspense>
    </>
  );
}

function NoModels() {
  return (
    <div className="m-auto flex max-w-md flex-col items-start gap-3 p-6">
      <h2 className="text-xl font-semibold tracking-tight">No models yet</h2>
      <p className="text-ink-2">
        The console keeps the provider’s list, so that it can be searched and priced at once. Take
        it with Sync.
      </p>
      <SyncButton />
    </div>
  );
}
