interface ModelLabelProps {
  name: string;
  /** Leaves the author out where the screen is narrow: catalogues name models "Author: Model". */
  isShort: boolean;
}

/** The name of the model in force, cut at its end where it does not fit. */
export function ModelLabel({ name, isShort }: ModelLabelProps) {
  const author = isShort ? /^[^:]+: (?=.)/.exec(name)?.[0] : undefined;
  return (
    <span className="truncate">
      {author && <span className="max-sm:hidden">{author}</span>}
      {name.slice(author?.length ?? 0)}
    </span>
  );
}
