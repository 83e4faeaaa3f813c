// Renders this server's OpenAPI document. Text only ever becomes text nodes: the page's policy forbids anything else.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** An element with properties; children are nodes or text, empty ones are left out. */
function element(tag, properties, ...children) {
  const node = document.createElement(tag);
  const { dataset, ...rest } = properties ?? {};
  Object.assign(node, rest);
  Object.assign(node.dataset, dataset);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const code = (text) => element("code", null, text);
/** Prose whose `marked` parts are code. */
const prose = (text) => text.split("`").map((part, index) => (index % 2 ? code(part) : part));
const nameOf = (ref) => ref.slice(ref.lastIndexOf("/") + 1);

/** A schema as a short type: links to named schemas, ` | ` between alternatives. */
function typeOf(schema) {
  if (!schema || Object.keys(schema).length === 0) return ["anything"];
  if (schema.$ref) return [element("a", { href: `#schema-${nameOf(schema.$ref)}` }, nameOf(schema.$ref))];
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.flatMap((one, index) => (index ? [" | ", ...typeOf(one)] : typeOf(one)));
  if (schema.allOf) return schema.allOf.flatMap((one, index) => (index ? [" & ", ...typeOf(one)] : typeOf(one)));
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  if ("const" in schema) return [JSON.stringify(schema.const)];
  if (schema.type === "array") return ["list of ", ...typeOf(schema.items)];
  if (schema.type === "object" && schema.additionalProperties && schema.additionalProperties !== true)
    return ["map to ", ...typeOf(schema.additionalProperties)];
  return [[].concat(schema.type ?? "anything").join(" | ")];
}

const BOUNDS = [
  ["minimum", "≥"],
  ["exclusiveMinimum", ">"],
  ["maximum", "≤"],
  ["exclusiveMaximum", "<"],
  ["minLength", "length ≥"],
  ["maxLength", "length ≤"],
  ["minItems", "items ≥"],
  ["maxItems", "items ≤"],
  ["pattern", "matches"],
  ["format", "format"],
];

/** What is said of a value beyond its type. */
function notesOf(schema, description) {
  const parts = schema?.anyOf ?? schema?.oneOf ?? [];
  const bounds = [schema ?? {}, ...parts].flatMap((one) =>
    BOUNDS.filter(([key]) => key in one).map(([key, sign]) => `${sign} ${one[key]}`),
  );
  if (schema && "default" in schema && schema.default !== null) bounds.push(`default ${JSON.stringify(schema.default)}`);
  return [description ?? schema?.description, bounds.join(", ")].filter(Boolean).join("\n");
}

function row(name, required, schema, description, place) {
  return element(
    "tr",
    null,
    element("td", null, code(name), element("span", { className: "quiet" }, required ? " required" : "", place ? ` ${place}` : "")),
    element("td", null, element("code", null, typeOf(schema)), element("p", { className: "quiet" }, prose(notesOf(schema, description)))),
  );
}

function table(rows) {
  return element("table", null, element("tbody", null, rows));
}

function fieldsOf(schema) {
  if (!schema?.properties) return element("p", null, element("code", null, typeOf(schema)));
  const required = new Set(schema.required);
  return table(Object.entries(schema.properties).map(([name, field]) => row(name, required.has(name), field)));
}

function contentOf(content) {
  return Object.entries(content ?? {}).map(([mime, { schema }]) =>
    element("p", null, code(mime), " ", schema ? element("code", null, typeOf(schema)) : ""),
  );
}

function operationOf(method, path, operation, shared) {
  const parameters = [...shared, ...(operation.parameters ?? [])];
  return element(
    "details",
    { id: operation.operationId ?? "", dataset: { words: `${method} ${path} ${operation.summary ?? ""} ${operation.description ?? ""}`.toLowerCase() } },
    element(
      "summary",
      null,
      element("code", { className: "method", dataset: { method } }, method.toUpperCase()),
      code(path),
      element("span", { className: "quiet" }, operation.summary ?? ""),
    ),
    element(
      "div",
      null,
      element("p", null, prose(operation.description ?? "")),
      parameters.length
        ? [element("h3", null, "Parameters"), table(parameters.map((one) => row(one.name, one.required, one.schema, one.description, one.in)))]
        : null,
      operation.requestBody ? [element("h3", null, "Body"), ...contentOf(operation.requestBody.content)] : null,
      element("h3", null, "Responses"),
      table(
        Object.entries(operation.responses ?? {}).map(([status, response]) =>
          element(
            "tr",
            null,
            element("td", null, code(status)),
            element("td", null, prose(response.description ?? ""), ...contentOf(response.content)),
          ),
        ),
      ),
    ),
  );
}

function render(spec) {
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths ?? {}))
    for (const method of METHODS.filter((one) => item[one])) {
      const group = item[method].tags?.[0] ?? "other";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operationOf(method, path, item[method], item.parameters ?? []));
    }
  const schemas = Object.entries(spec.components?.schemas ?? {}).map(([name, schema]) =>
    element(
      "details",
      { id: `schema-${name}`, dataset: { words: name.toLowerCase() } },
      element("summary", null, code(name)),
      element("div", null, element("p", null, prose(schema.description ?? "")), fieldsOf(schema)),
    ),
  );
  const sections = [...groups, ["schemas", schemas]].filter(([, nodes]) => nodes.length);
  return sections.map(([name, nodes]) => element("section", null, element("h2", null, name), nodes));
}

function filter(main, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of main.querySelectorAll("section")) {
    const nodes = [...section.querySelectorAll("details")];
    for (const node of nodes) node.hidden = !words.every((word) => node.dataset.words.includes(word));
    section.hidden = nodes.every((node) => node.hidden);
  }
}

/** Opens what the address names, so that links to schemas and routes land on something readable. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  target.hidden = false;
  target.closest("section").hidden = false;
  target.open = true;
  target.scrollIntoView({ block: "start" });
}

const main = document.getElementById("routes");
const search = document.getElementById("filter");
try {
  const reply = await fetch("/openapi.json");
  if (!reply.ok) throw new Error(`The document could not be read: ${reply.status}.`);
  const spec = await reply.json();
  document.title = spec.info.title;
  document.getElementById("title").textContent = `${spec.info.title} ${spec.info.version}`;
  main.replaceChildren(...render(spec));
  search.addEventListener("input", () => filter(main, search.value));
  addEventListener("hashchange", openTarget);
  openTarget();
} catch (error) {
  main.replaceChildren(element("p", { role: "alert" }, String(error.message ?? error)));
}
main.removeAttribute("aria-busy");
